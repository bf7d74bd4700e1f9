"""The tower of exponentials, logarithms and sums over tokens: what has no other normal form."""
