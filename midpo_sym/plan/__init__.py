"""Plans: what a target needs of a loss, as typed operations between trees and text.

In order: `sums` decides whether statistics are needed of each token or may come summed, and
`padding` which sums have to be masked; `lower` turns trees into `operations`, in a way that stays
stable where probabilities underflow, with the passes of `terms` over each sum: cancel, fold
log-ratios, keep digits; `shared` finds what is worth a name and what is used; `losses` puts it
together. Nothing here writes text, or chooses a name.
"""
