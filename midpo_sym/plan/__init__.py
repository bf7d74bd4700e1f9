"""What a target needs of a loss, as typed operations: between trees and text."""
