"""JavaScript for the plots: the loss of one pair as operations on numbers with their derivatives.

In order: `lower` turns a loss into operations, `printer` writes them for the browser, and `duals`
runs them here, for the figure in the page. What is drawn is the loss as its specification writes
it, so `lower` runs none of the passes of `plan`, and there is no plan to print or to refuse.
"""
