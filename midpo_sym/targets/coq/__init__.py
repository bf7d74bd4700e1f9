"""Certificates: every verdict stated and proved anew in Coq, from the same specification.

In order: `names` makes identifiers and comments safe, `printer` turns trees into Coq, `hypotheses`
turns what the prover assumed into hypotheses, `wording` states a claim, `instance` writes a tiny
language model, `outside` says what has no certificate, `emit` puts one together, `gradients` that
of a gradient, `bundle` many of them; `golden` keeps the
values that the kernel computed; `checker` runs Coq, `outcome` compares what it says with what the
specification expects, `theory` lists the theorems proved by hand, `coverage` what they cover,
`lock` keeps what Coq said, and `report` prints it. The Coq library is in `library`, what comes out
in `midpo_sym/certificates`.

This stage is not trusted but for the printer: Coq's kernel checks whatever comes out.
"""
