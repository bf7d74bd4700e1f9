"""The theorems of the library that are about the framework, and not about one loss."""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.targets.coq.checking.checker import Check, Workshop


@dataclass(frozen=True, slots=True)
class Theorem:
    """A theorem of the library.

    Attributes:
        name: in Coq, with the file that it is in.
        says: what it says, in words.
        settles: the derivations of `derivations/theory` (`lemma_1/least`) that it proves, alone or
            with others that name them, and the entries of `derivations/audit` that it settles.
    """

    name: str
    says: str
    settles: tuple[str, ...] = ()


THEOREMS = (
    Theorem(
        "MidpoCore.labels_iff_consistent",
        "labels that fit the data exist just if no response is both chosen and rejected",
    ),
    Theorem(
        "MidpoTheory.gibbs", "KL(p‖q) is zero or more, and zero only if p = q", ("lemma_1/gibbs",)
    ),
    Theorem(
        "MidpoTheory.mutual_information_is_mean_divergence",
        "mutual information is the mean divergence to the marginal",
        ("lemma_1/information",),
    ),
    Theorem(
        "MidpoTheory.marginal_feasible",
        "the marginal is a distribution, and positive wherever it has to be",
        ("lemma_1/marginal",),
    ),
    Theorem(
        "MidpoTheory.mean_divergence_split",
        "the mean divergence to q is that to the marginal and KL(marginal‖q)",
        ("lemma_1/split",),
    ),
    Theorem(
        "MidpoTheory.lemma_1",
        "mutual information is the least mean divergence, at the marginal and nowhere else",
        ("lemma_1/least", "lemma_1/attained"),
    ),
    Theorem(
        "MidpoTheory.objective_split",
        "the objective is the expected reward less the mean divergence",
        ("objective/split",),
    ),
    Theorem(
        "MidpoTheory.best_prior_is_the_marginal",
        "for each policy the best prior leaves a penalty on mutual information",
        ("objective/information-bound",),
    ),
    Theorem(
        "MidpoTheory.optimum_distribution",
        "π* ∝ ζ exp(βr) is a distribution",
        ("optimal_policy/normalised",),
    ),
    Theorem(
        "MidpoTheory.objective_identity",
        "J(π) = (1/β) log Z − (1/β) KL(π‖π*)",
        ("optimal_policy/identity",),
    ),
    Theorem(
        "MidpoTheory.optimal_policy",
        "π* maximises J, and no other policy does",
        ("optimal_policy/maximum", "optimal_policy/attained"),
    ),
    Theorem(
        "MidpoTheory.optimal_policy_as_printed",
        "appendix A's form with exp(βr − 1) is the same policy",
    ),
    Theorem(
        "MidpoTheory.objective_by_entropy",
        "J with the entropy of the policy",
        ("optimal_policy/entropy",),
    ),
    Theorem(
        "MidpoTheory.lagrangian_derivative",
        "the derivative of the Lagrangian along every direction",
        ("optimal_policy/derivative",),
    ),
    Theorem(
        "MidpoTheory.stationary_point",
        "it vanishes just at ζ exp(βr − 1) exp(βλ)",
        ("optimal_policy/stationary",),
    ),
    Theorem(
        "MidpoTheory.dual_is_lagrangian",
        "the dual is the Lagrangian there",
        ("optimal_policy/dual",),
    ),
    Theorem(
        "MidpoTheory.dual_derivative",
        "the derivative of the dual",
        ("optimal_policy/dual-derivative",),
    ),
    Theorem(
        "MidpoTheory.multiplier_is_where_it_vanishes",
        "it vanishes just at λ* = −(1/β) log Σ ζ exp(βr − 1)",
        ("optimal_policy/multiplier",),
    ),
    Theorem(
        "MidpoTheory.duality",
        "the dual is least at λ*, where it is the largest value of J",
        ("optimal_policy/duality",),
    ),
    Theorem(
        "MidpoTheory.equation_5",
        "equation 5: the stationary point at λ* is π*",
        ("optimal_policy/eq-5",),
    ),
    Theorem("MidpoTheory.exponential_of_reward", "exp(βr) = Z π*/ζ", ("reward/exponential",)),
    Theorem(
        "MidpoTheory.reward_of_optimum", "r = (1/β) log π*/ζ + (1/β) log Z", ("reward/inversion",)
    ),
    Theorem(
        "MidpoTheory.bradley_terry",
        "the preference probability is the sigmoid of MI-DPO's argument; Z cancels",
        ("reward/bradley-terry",),
    ),
    Theorem(
        "MidpoTheory.bradley_terry_is_sigmoid",
        "exp a/(exp a + exp b) is the sigmoid of a − b",
    ),
    Theorem(
        "MidpoTheory.likelihood_is_the_loss",
        "the negative log-likelihood of the data is MI-DPO's loss",
        ("reward/loss",),
    ),
    Theorem(
        "MidpoTheory.section_2_policy_is_not_optimal",
        "section 2's π ∝ ζ exp(r/β) does not maximise the J of section 3",
        ("optimal-policy-section-2",),
    ),
    Theorem(
        "MidpoTheory.section_2_bradley_terry",
        "it is a distribution, and its own Bradley–Terry step is right",
        ("normaliser-section-2", "cancellation-section-2"),
    ),
    Theorem(
        "MidpoTheory.objective_with_policy_in_prior",
        "J with cEntropy's prior is J with a prior free of the policy",
        ("policy_prior/maximum",),
    ),
    Theorem(
        "MidpoTheory.optimum_with_policy_in_prior",
        "its optimum is ∝ (π_ref exp(βr))^(1/η)",
        ("policy_prior/maximum", "policy_prior/normalised"),
    ),
    Theorem(
        "MidpoTheory.joint_optimum",
        "the joint minimum is at most the minimum for any fixed prior",
        ("joint_optimum/fixed-prior",),
    ),
    Theorem(
        "MidpoTheory.joint_optimum_any_pair",
        "and at most the loss of any policy with any prior",
        ("joint_optimum/any-pair",),
    ),
    Theorem(
        "MidpoTheory.centred_under_reference",
        "TDPO's divergence centres the log-ratio under the reference policy",
        ("baselines/tdpo",),
    ),
    Theorem(
        "MidpoTheory.centred_under_policy",
        "TIS-DPO's divergence centres it under the policy",
        ("baselines/tis-dpo",),
    ),
    Theorem("MidpoTheory.simpo_reward", "SimPO's implicit reward", ("appendix-simpo-reward",)),
    Theorem("MidpoTheory.r_dpo_reward", "R-DPO's implicit reward", ("appendix-r-dpo-reward",)),
    Theorem(
        "MidpoTheory.r_dpo_difference",
        "the difference of R-DPO's implicit rewards",
        ("appendix-r-dpo-difference",),
    ),
    Theorem("MidpoTheory.tdpo_reward", "TDPO's implicit reward", ("appendix-tdpo-reward",)),
    Theorem(
        "MidpoTheory.sparsepo_prior_forms",
        "the first and the last form of SparsePO's prior are equal",
        ("appendix-sparsepo-prior",),
    ),
    Theorem(
        "MidpoTheory.sparsepo_reward", "SparsePO's implicit reward", ("appendix-sparsepo-reward",)
    ),
    Theorem(
        "MidpoTheory.flipped_pair_has_no_offsets",
        "no offsets give a pair and its flip the margin of SimPO",
        ("simpo-assumption-sufficient",),
    ),
    Theorem(
        "MidpoTheory.loss_not_negative",
        "no loss of MI-DPO is negative",
        ("joint_optimum/not-negative",),
    ),
    Theorem(
        "MidpoTheory.prior_alone_drives_the_loss_to_zero",
        "for every policy and ε > 0 some prior by label brings the loss below ε",
        ("joint_optimum/degenerate",),
    ),
    Theorem(
        "MidpoTheory.prior_iff_cocycle",
        "a label-free prior gives a margin m just if m(a, b) + m(b, c) = m(a, c)",
    ),
    Theorem(
        "MidpoTheory.labelled_prior_iff",
        "a prior by label gives m just if m(a, b) + m(c, d) = m(a, d) + m(c, b)",
    ),
)


def check(workshop: Workshop) -> Check:
    """Return what Coq says of all theorems together: that they are there, and on what they rest."""
    together = ", ".join(f"@{each.name}" for each in THEOREMS)
    return workshop.check(
        "From Midpo Require Import MidpoCore MidpoTheory.\n"
        f"Definition together := ({together}).\n"
        "Print Assumptions together.\n"
    )
