(** * MidpoTheory: what the paper says of MI-DPO in general

    Tutunov, Grosnit, Bou-Ammar, "Many of Your DPOs are Secretly One" (arXiv 2501.01544): Lemma 1,
    the optimal policy and the Bradley-Terry step of appendix A, section 5.2; and what a prior can
    and cannot do. Finite alphabets are {0, ..., n - 1}; distributions may have zeros. *)

From Coq Require Import Reals Lra Lia List Bool.
From Midpo Require Import MidpoCore.
Import ListNotations.
Local Open Scope R_scope.

(** ** Distributions and divergence *)

Definition distribution (n : nat) (p : nat -> R) : Prop :=
  (forall i, (i < n)%nat -> 0 <= p i) /\ sum_t n p = 1.

(** p is zero wherever q is: otherwise KL(p || q) is infinite. *)
Definition within (n : nat) (p q : nat -> R) : Prop :=
  forall i, (i < n)%nat -> 0 < p i -> 0 < q i.

Definition KL (n : nat) (p q : nat -> R) : R := sum_t n (fun i => p i * ln (p i / q i)).

(** *** Sums and order *)

Lemma sum_t_le n f g : (forall i, (i < n)%nat -> f i <= g i) -> sum_t n f <= sum_t n g.
Proof.
  induction n as [|n IH]; simpl; intros H; [lra|].
  apply Rplus_le_compat; [apply IH; intros |]; apply H; lia.
Qed.

Lemma sum_t_le_eq n f g : (forall i, (i < n)%nat -> f i <= g i) -> sum_t n f = sum_t n g ->
  forall i, (i < n)%nat -> f i = g i.
Proof.
  induction n as [|n IH]; simpl; intros H E i Hi; [lia|].
  assert (A : sum_t n f <= sum_t n g) by (apply sum_t_le; intros; apply H; lia).
  assert (B : f n <= g n) by (apply H; lia).
  destruct (PeanoNat.Nat.eq_dec i n) as [->|]; [lra|].
  apply IH; [intros; apply H | lra |]; lia.
Qed.

Lemma sum_t_sub n f g : sum_t n (fun i => f i - g i) = sum_t n f - sum_t n g.
Proof. induction n as [|n IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma sum_t_scale_right n k f : sum_t n (fun i => f i * k) = sum_t n f * k.
Proof. induction n as [|n IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma sum_t_exchange n m (f : nat -> nat -> R) :
  sum_t n (fun i => sum_t m (f i)) = sum_t m (fun j => sum_t n (fun i => f i j)).
Proof.
  induction n as [|n IH]; simpl; [rewrite sum_t_constant; ring|].
  rewrite IH, <- sum_t_add. reflexivity.
Qed.

Lemma sum_t_nonnegative n f : (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= sum_t n f.
Proof.
  intros H. replace 0 with (sum_t n (fun _ => 0)) by (rewrite sum_t_constant; ring).
  now apply sum_t_le.
Qed.

Lemma sum_t_ge_term n f i :
  (forall j, (j < n)%nat -> 0 <= f j) -> (i < n)%nat -> f i <= sum_t n f.
Proof.
  induction n as [|n IH]; simpl; intros H Hi; [lia|].
  assert (A : 0 <= f n) by (apply H; lia).
  assert (B : 0 <= sum_t n f) by (apply sum_t_nonnegative; intros; apply H; lia).
  destruct (PeanoNat.Nat.eq_dec i n) as [->|]; [lra|].
  assert (f i <= sum_t n f) by (apply IH; [intros; apply H |]; lia). lra.
Qed.

Lemma sum_t_positive_term n f :
  (forall i, (i < n)%nat -> 0 <= f i) -> 0 < sum_t n f -> exists i, (i < n)%nat /\ 0 < f i.
Proof.
  induction n as [|n IH]; simpl; intros H P; [lra|].
  assert (A : 0 <= f n) by (apply H; lia).
  destruct (Rle_lt_dec (f n) 0) as [B|B].
  - destruct IH as [i [I J]]; [intros; apply H; lia | lra |]. exists i; split; [lia | assumption].
  - exists n; split; [lia | assumption].
Qed.

(** *** Gibbs' inequality *)

Lemma ln_less z : 0 < z -> z <> 1 -> ln z < z - 1.
Proof.
  intros P N. assert (M : ln z <> 0).
  { intros E. apply N. rewrite <- ln_1 in E. apply ln_inv in E; lra. }
  pose proof (exp_ineq1 (ln z) M) as H. rewrite exp_ln in H by assumption. lra.
Qed.

Lemma ln_quotient a b : 0 < a -> 0 < b -> ln (a / b) = ln a - ln b.
Proof.
  intros P Q. unfold Rdiv. rewrite ln_mult, ln_Rinv by (auto; now apply Rinv_0_lt_compat). ring.
Qed.

Lemma gibbs_term p q : 0 <= p -> 0 <= q -> (0 < p -> 0 < q) ->
  p - q <= p * ln (p / q) /\ (p * ln (p / q) = p - q -> p = q).
Proof.
  intros [P | <-] Q W; [specialize (W P) | split; [|intros]; lra].
  replace (p * ln (p / q)) with (- (p * ln (q / p))) by (rewrite !ln_quotient by assumption; ring).
  destruct (Req_dec (q / p) 1) as [E|N].
  - assert (S : q = p) by (replace q with (q / p * p) by (field; lra); rewrite E; ring).
    rewrite E, ln_1. split; [lra | auto].
  - pose proof (ln_less (q / p) (Rdiv_lt_0_compat _ _ W P) N) as L.
    apply (Rmult_lt_compat_l p) in L; [|assumption].
    replace (p * (q / p - 1)) with (q - p) in L by (field; lra). split; intros; lra.
Qed.

(** KL(p || q) is zero or more, and zero only if p = q. *)
Theorem gibbs n p q : distribution n p -> (forall i, (i < n)%nat -> 0 <= q i) -> sum_t n q <= 1 ->
  within n p q -> 0 <= KL n p q /\ (KL n p q = 0 -> forall i, (i < n)%nat -> p i = q i).
Proof.
  intros [Pn Ps] Qn Qs W.
  assert (T : forall i, (i < n)%nat -> p i - q i <= p i * ln (p i / q i)).
  { intros i Hi; apply gibbs_term; auto. }
  pose proof (sum_t_le n _ _ T) as G. rewrite sum_t_sub in G. fold (KL n p q) in G.
  split; [lra|]. intros E i Hi.
  assert (S : p i - q i = p i * ln (p i / q i)).
  { revert i Hi. apply (sum_t_le_eq n); [exact T|]. rewrite sum_t_sub. fold (KL n p q). lra. }
  symmetry in S. apply gibbs_term in S; auto.
Qed.

Lemma KL_self n p : (forall i, (i < n)%nat -> 0 <= p i) -> KL n p p = 0.
Proof.
  intros H. unfold KL. rewrite (sum_t_ext n _ (fun _ => 0)); [rewrite sum_t_constant; ring|].
  intros i Hi. destruct (H i Hi) as [P | <-]; [|ring].
  unfold Rdiv. rewrite Rinv_r, ln_1 by lra; ring.
Qed.

Lemma derivative_is f x d d' : derivable_pt_lim f x d -> d = d' -> derivable_pt_lim f x d'.
Proof. now intros H <-. Qed.

Lemma sum_t_derivative n (f : nat -> R -> R) d x :
  (forall i, (i < n)%nat -> derivable_pt_lim (f i) x (d i)) ->
  derivable_pt_lim (fun e => sum_t n (fun i => f i e)) x (sum_t n d).
Proof.
  induction n as [|n IH]; simpl; intros H; [apply derivable_pt_lim_const|].
  apply (derivable_pt_lim_plus (fun e => sum_t n (fun i => f i e)) (f n));
    [apply IH; intros |]; apply H; lia.
Qed.

(** ** Lemma 1: mutual information is the least mean divergence, at the marginal only

    [pX] is the distribution of prompts, [channel x] that of responses given x. *)

Section MutualInformation.
Variables (n m : nat) (pX : nat -> R) (channel : nat -> nat -> R).
Hypothesis pX_distribution : distribution n pX.
Hypothesis channel_distribution : forall x, (x < n)%nat -> distribution m (channel x).

Definition joint (x y : nat) : R := pX x * channel x y.
Definition marginal (y : nat) : R := sum_t n (fun x => joint x y).
Definition mutual_information : R :=
  sum_t n (fun x => sum_t m (fun y => joint x y * ln (joint x y / (marginal y * pX x)))).
Definition mean_divergence (q : nat -> R) : R := sum_t n (fun x => pX x * KL m (channel x) q).

(** Elsewhere a divergence is infinite, and no minimum is attained. *)
Definition feasible (q : nat -> R) : Prop :=
  distribution m q /\ forall x y, (x < n)%nat -> (y < m)%nat -> 0 < joint x y -> 0 < q y.

Lemma joint_nonnegative x y : (x < n)%nat -> (y < m)%nat -> 0 <= joint x y.
Proof.
  intros Hx Hy. apply Rmult_le_pos; [now apply pX_distribution | now apply channel_distribution].
Qed.

Lemma marginal_feasible : feasible marginal.
Proof.
  repeat split.
  - intros y Hy. apply sum_t_nonnegative; intros; now apply joint_nonnegative.
  - unfold marginal. rewrite <- (sum_t_exchange n m joint).
    rewrite (sum_t_ext n _ pX); [apply pX_distribution|].
    intros x Hx. unfold joint. rewrite sum_t_scale.
    destruct (channel_distribution x Hx) as [_ ->]; ring.
  - intros x y Hx Hy P. apply (Rlt_le_trans _ (joint x y)); [assumption|].
    apply (sum_t_ge_term n (fun x => joint x y)); [|assumption].
    intros; now apply joint_nonnegative.
Qed.

(** Where a pair has positive probability, so have its parts. *)
Lemma joint_parts x y : (x < n)%nat -> (y < m)%nat -> 0 < joint x y ->
  0 < pX x /\ 0 < channel x y /\ 0 < marginal y.
Proof.
  intros Hx Hy P. repeat split.
  - destruct pX_distribution as [A _]. destruct (A x Hx) as [|E]; [assumption|].
    unfold joint in P. rewrite <- E in P. lra.
  - destruct (channel_distribution x Hx) as [A _]. destruct (A y Hy) as [|E]; [assumption|].
    unfold joint in P. rewrite <- E in P. lra.
  - exact (proj2 marginal_feasible x y Hx Hy P).
Qed.

(** The mean divergence to q exceeds that to the marginal by KL(marginal || q). *)
Lemma mean_divergence_split q : feasible q ->
  mean_divergence q = mean_divergence marginal + KL m marginal q.
Proof.
  intros [_ Q]. unfold mean_divergence.
  assert (E : KL m marginal q
              = sum_t n (fun x => pX x * sum_t m (fun y => channel x y * ln (marginal y / q y)))).
  { unfold KL. transitivity
      (sum_t n (fun x => sum_t m (fun y => joint x y * ln (marginal y / q y)))).
    - rewrite sum_t_exchange. apply sum_t_ext; intros y Hy. now rewrite sum_t_scale_right.
    - apply sum_t_ext; intros x Hx. rewrite <- sum_t_scale. apply sum_t_ext; intros y Hy.
      unfold joint; ring. }
  rewrite E, <- sum_t_add. apply sum_t_ext; intros x Hx. unfold KL.
  rewrite <- !sum_t_scale, <- sum_t_add. apply sum_t_ext; intros y Hy.
  destruct (joint_nonnegative x y Hx Hy) as [P | Z].
  - destruct (joint_parts x y Hx Hy P) as (A & B & C). specialize (Q x y Hx Hy P).
    rewrite !ln_quotient by assumption; ring.
  - unfold joint in Z. rewrite <- !Rmult_assoc, <- Z; ring.
Qed.

Lemma mutual_information_is_mean_divergence : mutual_information = mean_divergence marginal.
Proof.
  apply sum_t_ext; intros x Hx. unfold KL. rewrite <- sum_t_scale. apply sum_t_ext; intros y Hy.
  rewrite <- Rmult_assoc. fold (joint x y).
  destruct (joint_nonnegative x y Hx Hy) as [P | <-]; [|ring].
  destruct (joint_parts x y Hx Hy P) as (A & B & C). unfold joint at 2.
  do 2 f_equal. field. lra.
Qed.

Theorem lemma_1 :
  feasible marginal /\ mean_divergence marginal = mutual_information /\
  forall q, feasible q -> mutual_information <= mean_divergence q /\
    (mean_divergence q = mutual_information -> forall y, (y < m)%nat -> q y = marginal y).
Proof.
  pose proof marginal_feasible as F. rewrite mutual_information_is_mean_divergence.
  split; [assumption | split; [reflexivity|]]. intros q Q.
  assert (W : within m marginal q).
  { intros y Hy P. destruct (sum_t_positive_term n (fun x => joint x y)) as (x & Hx & Px);
      [intros; now apply joint_nonnegative | assumption |]. exact (proj2 Q x y Hx Hy Px). }
  pose proof (mean_divergence_split q Q) as S. destruct F as [F _]. destruct Q as [[Qn Qs] _].
  destruct (gibbs m marginal q F Qn) as [G E]; [lra | assumption |].
  split; [lra|]. intros K y Hy. symmetry. apply E; [lra | assumption].
Qed.

(** The objective with a prior that is free of the prompt: expected reward less mean divergence; so
    for each policy the best prior is the marginal, and leaves a penalty on mutual information. *)
Definition expected_reward (r : nat -> nat -> R) : R :=
  sum_t n (fun x => sum_t m (fun y => joint x y * r x y)).

Theorem objective_split r beta q :
  sum_t n (fun x => pX x * sum_t m (fun y =>
    channel x y * (r x y - 1 / beta * ln (channel x y / q y))))
  = expected_reward r - 1 / beta * mean_divergence q.
Proof.
  unfold expected_reward, mean_divergence, KL. rewrite <- sum_t_scale, <- sum_t_sub.
  apply sum_t_ext; intros x Hx. rewrite <- !sum_t_scale, <- sum_t_sub.
  apply sum_t_ext; intros y Hy. unfold joint. ring.
Qed.

Theorem best_prior_is_the_marginal r beta : 0 < beta ->
  expected_reward r - 1 / beta * mean_divergence marginal
    = expected_reward r - 1 / beta * mutual_information /\
  forall q, feasible q ->
    expected_reward r - 1 / beta * mean_divergence q
    <= expected_reward r - 1 / beta * mutual_information.
Proof.
  intros B. destruct lemma_1 as (_ & E & L). rewrite E. split; [reflexivity|]. intros q Q.
  destruct (L q Q) as [I _]. assert (C : 0 < 1 / beta) by (apply Rdiv_lt_0_compat; lra).
  apply (Rmult_le_compat_l (1 / beta)) in I; lra.
Qed.
End MutualInformation.

(** ** Equation 5: the optimal policy for a fixed prior

    The objective is J(p) = E_p (r - (1/beta) ln (p/zeta)) for one prompt; no Lagrange multiplier
    is needed, and the optimum is the only one. *)

Section OptimalPolicy.
Variables (n : nat) (zeta reward : nat -> R) (beta : R).
Hypothesis beta_positive : 0 < beta.
Hypothesis zeta_nonnegative : forall y, (y < n)%nat -> 0 <= zeta y.
Hypothesis zeta_somewhere : 0 < sum_t n zeta.

Definition objective (p : nat -> R) : R :=
  sum_t n (fun y => p y * (reward y - 1 / beta * ln (p y / zeta y))).
Definition partition : R := sum_t n (fun y => zeta y * exp (beta * reward y)).
Definition optimum (y : nat) : R := zeta y * exp (beta * reward y) / partition.

Lemma tilted_nonnegative y : (y < n)%nat -> 0 <= zeta y * exp (beta * reward y).
Proof. intros Hy. apply Rmult_le_pos; [auto | left; apply exp_pos]. Qed.

Lemma partition_positive : 0 < partition.
Proof.
  destruct (sum_t_positive_term n zeta zeta_nonnegative zeta_somewhere) as (y & Hy & P).
  apply (Rlt_le_trans _ (zeta y * exp (beta * reward y))).
  - apply Rmult_lt_0_compat; [assumption | apply exp_pos].
  - apply (sum_t_ge_term n (fun y => zeta y * exp (beta * reward y))); [|assumption].
    exact tilted_nonnegative.
Qed.

Lemma optimum_distribution : distribution n optimum.
Proof.
  pose proof partition_positive as P. split.
  - intros y Hy. apply Rmult_le_pos; [now apply tilted_nonnegative|].
    left; now apply Rinv_0_lt_compat.
  - unfold optimum, Rdiv. rewrite sum_t_scale_right. fold partition. apply Rinv_r; lra.
Qed.

Lemma optimum_positive y : 0 < zeta y -> 0 < optimum y.
Proof.
  intros P. apply Rdiv_lt_0_compat; [|apply partition_positive].
  apply Rmult_lt_0_compat; [assumption | apply exp_pos].
Qed.

Lemma ln_optimum y : 0 < zeta y -> ln (optimum y) = ln (zeta y) + beta * reward y - ln partition.
Proof.
  intros P. pose proof partition_positive as Q. pose proof (exp_pos (beta * reward y)) as E.
  unfold optimum. rewrite ln_quotient, ln_mult, ln_exp; auto. now apply Rmult_lt_0_compat.
Qed.

(** J(p) = (1/beta) ln Z - (1/beta) KL(p || optimum). *)
Theorem objective_identity p : distribution n p -> within n p zeta ->
  objective p = 1 / beta * ln partition - 1 / beta * KL n p optimum.
Proof.
  intros [Pn Ps] W. unfold objective, KL.
  replace (1 / beta * ln partition) with (sum_t n (fun y => p y * (1 / beta * ln partition)))
    by (rewrite sum_t_scale_right, Ps; ring).
  rewrite <- sum_t_scale, <- sum_t_sub. apply sum_t_ext; intros y Hy.
  destruct (Pn y Hy) as [P | <-]; [|ring]. pose proof (W y Hy P) as Q.
  rewrite !ln_quotient, ln_optimum by (assumption || now apply optimum_positive). field; lra.
Qed.

Theorem optimal_policy :
  distribution n optimum /\ within n optimum zeta /\
  objective optimum = 1 / beta * ln partition /\
  forall p, distribution n p -> within n p zeta -> objective p <= objective optimum /\
    (objective p = objective optimum -> forall y, (y < n)%nat -> p y = optimum y).
Proof.
  pose proof optimum_distribution as D. assert (W : within n optimum zeta).
  { intros y Hy P. destruct (zeta_nonnegative y Hy) as [|E]; [assumption|].
    unfold optimum in P. rewrite <- E in P. unfold Rdiv in P. lra. }
  assert (V : objective optimum = 1 / beta * ln partition).
  { rewrite objective_identity, KL_self by (assumption || apply D). ring. }
  repeat (split; [assumption|]). intros p Dp Wp.
  assert (Q : within n p optimum) by (intros y Hy P; apply optimum_positive, (Wp y Hy P)).
  destruct (gibbs n p optimum Dp (proj1 D)) as [G E]; [rewrite (proj2 D); lra | assumption |].
  assert (B : 0 < 1 / beta) by (apply Rdiv_lt_0_compat; lra).
  rewrite V, objective_identity by assumption.
  pose proof (Rmult_le_pos _ _ (Rlt_le _ _ B) G) as H. split; [lra|].
  intros K y Hy. apply E; [|assumption].
  assert (Z : 1 / beta * KL n p optimum = 0) by lra. apply Rmult_integral in Z. destruct Z; lra.
Qed.

(** Appendix A ends with exp(beta r - 1) in the place of exp(beta r): the same policy. *)
Theorem optimal_policy_as_printed y :
  zeta y * exp (beta * reward y - 1) / sum_t n (fun k => zeta k * exp (beta * reward k - 1))
  = optimum y.
Proof.
  pose proof partition_positive as P. pose proof (exp_pos (- 1)) as Q.
  assert (E : forall k, zeta k * exp (beta * reward k - 1)
                        = zeta k * exp (beta * reward k) * exp (- 1)).
  { intros k. replace (beta * reward k - 1) with (beta * reward k + - 1) by lra.
    rewrite exp_plus. ring. }
  rewrite (sum_t_ext n _ (fun k => zeta k * exp (beta * reward k) * exp (- 1))) by (intros; apply E).
  rewrite sum_t_scale_right, E. fold partition. unfold optimum. field. lra.
Qed.

(** The objective with the entropy of the policy. *)
Theorem objective_by_entropy p :
  (forall y, (y < n)%nat -> 0 < p y) -> (forall y, (y < n)%nat -> 0 < zeta y) ->
  objective p = sum_t n (fun y => p y * (reward y + 1 / beta * ln (zeta y)))
                + 1 / beta * - sum_t n (fun y => p y * ln (p y)).
Proof.
  intros P Z. replace (1 / beta * - sum_t n (fun y => p y * ln (p y)))
    with (- (1 / beta) * sum_t n (fun y => p y * ln (p y))) by ring.
  rewrite <- sum_t_scale, <- sum_t_add. apply sum_t_ext; intros y Hy.
  rewrite ln_quotient by auto. ring.
Qed.

(** *** The same by a Lagrange multiplier, as appendix A does *)

Definition lagrangian (p : nat -> R) (lambda : R) : R :=
  objective p + lambda * (sum_t n p - 1).
Definition stationary (lambda : R) (y : nat) : R :=
  zeta y * exp (beta * reward y - 1) * exp (beta * lambda).
Definition partition_printed : R := sum_t n (fun y => zeta y * exp (beta * reward y - 1)).
Definition dual (lambda : R) : R := 1 / beta * partition_printed * exp (beta * lambda) - lambda.
Definition multiplier : R := - (1 / beta) * ln partition_printed.

Lemma partition_printed_is : partition_printed = partition * exp (- 1).
Proof.
  unfold partition_printed, partition. rewrite <- sum_t_scale_right.
  apply sum_t_ext; intros y Hy. replace (beta * reward y - 1) with (beta * reward y + - 1) by lra.
  rewrite exp_plus. ring.
Qed.

Lemma partition_printed_positive : 0 < partition_printed.
Proof.
  rewrite partition_printed_is. apply Rmult_lt_0_compat; [apply partition_positive | apply exp_pos].
Qed.

(** Its derivative along a direction h. *)
Theorem lagrangian_derivative p h lambda :
  (forall y, (y < n)%nat -> 0 < p y) -> (forall y, (y < n)%nat -> 0 < zeta y) ->
  derivable_pt_lim (fun e => lagrangian (fun y => p y + e * h y) lambda) 0
    (sum_t n (fun y =>
      (reward y + 1 / beta * ln (zeta y) - 1 / beta * ln (p y) - 1 / beta + lambda) * h y)).
Proof.
  intros P Z.
  assert (L : forall y, derivable_pt_lim (fun e => p y + e * h y) 0 (h y)).
  { intros y. apply (derivative_is _ _ (0 + (1 * h y + 0 * 0))); [|ring].
    apply (derivable_pt_lim_plus (fun _ => p y) (fun e => e * h y));
      [apply derivable_pt_lim_const|].
    apply (derivable_pt_lim_mult id (fun _ => h y));
      [apply derivable_pt_lim_id | apply derivable_pt_lim_const]. }
  apply (derivative_is _ _
    (sum_t n (fun y => h y * (reward y - 1 / beta * ln ((p y + 0 * h y) / zeta y))
       + (p y + 0 * h y) * (0 - 1 / beta * (/ ((p y + 0 * h y) / zeta y) * (h y / zeta y))))
     + lambda * (sum_t n h - 0))).
  2:{ replace (lambda * (sum_t n h - 0)) with (lambda * sum_t n h) by ring.
      rewrite <- sum_t_scale, <- sum_t_add. apply sum_t_ext; intros y Hy.
      specialize (P y Hy); specialize (Z y Hy). replace (p y + 0 * h y) with (p y) by ring.
      rewrite ln_quotient by assumption. field. lra. }
  apply (derivable_pt_lim_plus (fun e => objective (fun y => p y + e * h y))
    (fun e => lambda * (sum_t n (fun y => p y + e * h y) - 1))).
  - apply (sum_t_derivative n (fun y e =>
      (p y + e * h y) * (reward y - 1 / beta * ln ((p y + e * h y) / zeta y)))).
    intros y Hy. specialize (P y Hy); specialize (Z y Hy).
    apply (derivable_pt_lim_mult (fun e => p y + e * h y)
      (fun e => reward y - 1 / beta * ln ((p y + e * h y) / zeta y))); [apply L|].
    apply (derivable_pt_lim_minus (fun _ => reward y)
      (fun e => 1 / beta * ln ((p y + e * h y) / zeta y))); [apply derivable_pt_lim_const|].
    apply (derivable_pt_lim_scal (fun e => ln ((p y + e * h y) / zeta y))).
    apply (derivable_pt_lim_comp (fun e => (p y + e * h y) / zeta y) ln).
    + apply (derivative_is _ _ (h y * / zeta y + (p y + 0 * h y) * 0)); [|unfold Rdiv; ring].
      apply (derivable_pt_lim_mult (fun e => p y + e * h y) (fun _ => / zeta y));
        [apply L | apply derivable_pt_lim_const].
    + apply derivable_pt_lim_ln. apply Rdiv_lt_0_compat; lra.
  - apply (derivable_pt_lim_scal (fun e => sum_t n (fun y => p y + e * h y) - 1)).
    apply (derivable_pt_lim_minus (fun e => sum_t n (fun y => p y + e * h y)) (fun _ => 1));
      [|apply derivable_pt_lim_const].
    apply (sum_t_derivative n (fun y e => p y + e * h y)). intros y _. apply L.
Qed.

(** The factor before h(y) in the derivative of the Lagrangian vanishes at [stationary] only. *)
Theorem stationary_point p lambda y : 0 < zeta y -> 0 < p ->
  (reward y + 1 / beta * ln (zeta y) - 1 / beta * ln p - 1 / beta + lambda = 0
   <-> p = stationary lambda y).
Proof.
  intros Z P. assert (B : 0 < 1 / beta) by (apply Rdiv_lt_0_compat; lra).
  assert (S : 0 < stationary lambda y).
  { unfold stationary. repeat apply Rmult_lt_0_compat; auto using exp_pos. }
  assert (E : ln (stationary lambda y) = ln (zeta y) + (beta * reward y - 1) + beta * lambda).
  { unfold stationary. rewrite !ln_mult, !ln_exp; auto using exp_pos.
    apply Rmult_lt_0_compat; auto using exp_pos. }
  assert (F : reward y + 1 / beta * ln (zeta y) - 1 / beta * ln p - 1 / beta + lambda
              = 1 / beta * (ln (stationary lambda y) - ln p)) by (rewrite E; field; lra).
  rewrite F. split.
  - intros H. apply Rmult_integral in H. destruct H; [lra|]. apply ln_inv; lra.
  - intros <-. ring.
Qed.

(** The Lagrangian there is the dual. *)
Theorem dual_is_lagrangian lambda : (forall y, (y < n)%nat -> 0 < zeta y) ->
  lagrangian (stationary lambda) lambda = dual lambda.
Proof.
  intros Z. assert (S : sum_t n (stationary lambda) = partition_printed * exp (beta * lambda)).
  { unfold stationary, partition_printed. apply sum_t_scale_right. }
  assert (J : objective (stationary lambda) = sum_t n (fun y =>
    stationary lambda y * (1 / beta - lambda))).
  { apply sum_t_ext; intros y Hy. pose proof (Z y Hy) as P. f_equal.
    unfold stationary at 1.
    replace (zeta y * exp (beta * reward y - 1) * exp (beta * lambda) / zeta y)
      with (exp (beta * reward y - 1 + beta * lambda)) by (rewrite exp_plus; field; lra).
    rewrite ln_exp. field. lra. }
  unfold lagrangian, dual. rewrite J, sum_t_scale_right, S. ring.
Qed.

Theorem dual_derivative lambda :
  derivable_pt_lim dual lambda (partition_printed * exp (beta * lambda) - 1).
Proof.
  replace (partition_printed * exp (beta * lambda) - 1)
    with (1 / beta * partition_printed * (exp (beta * lambda) * (beta * 1)) - 1) by (field; lra).
  apply (derivable_pt_lim_minus (fun l => 1 / beta * partition_printed * exp (beta * l)) id);
    [|apply derivable_pt_lim_id].
  apply (derivable_pt_lim_scal (fun l => exp (beta * l))).
  apply (derivable_pt_lim_comp (fun l => beta * l) exp); [|apply derivable_pt_lim_exp].
  apply (derivable_pt_lim_scal id). apply derivable_pt_lim_id.
Qed.

Theorem multiplier_is_where_it_vanishes lambda :
  partition_printed * exp (beta * lambda) - 1 = 0 <-> lambda = multiplier.
Proof.
  pose proof partition_printed_positive as P. pose proof (exp_pos (beta * lambda)) as E.
  unfold multiplier. split.
  - intros H. assert (L : ln (partition_printed * exp (beta * lambda)) = 0).
    { replace (partition_printed * exp (beta * lambda)) with 1 by lra. apply ln_1. }
    rewrite ln_mult, ln_exp in L by assumption.
    replace lambda with (1 / beta * (beta * lambda)) by (field; lra).
    replace (beta * lambda) with (- ln partition_printed) by lra. ring.
  - intros ->. replace (beta * (- (1 / beta) * ln partition_printed))
      with (- ln partition_printed) by (field; lra).
    rewrite exp_Ropp, exp_ln by assumption. field. lra.
Qed.

(** The dual is least at the multiplier, where it is the largest value of the objective. *)
Theorem duality lambda : dual multiplier <= dual lambda /\ dual multiplier = objective optimum.
Proof.
  pose proof partition_printed_positive as P. pose proof partition_positive as Q.
  assert (B : 0 < 1 / beta) by (apply Rdiv_lt_0_compat; lra).
  pose proof (proj2 (multiplier_is_where_it_vanishes multiplier) eq_refl) as V.
  assert (M : dual multiplier = 1 / beta * (1 + ln partition_printed)).
  { unfold dual. replace (1 / beta * partition_printed * exp (beta * multiplier))
      with (1 / beta * (partition_printed * exp (beta * multiplier))) by ring.
    replace (partition_printed * exp (beta * multiplier)) with 1 by lra. unfold multiplier. ring. }
  split.
  - rewrite M. unfold dual. set (t := partition_printed * exp (beta * lambda)).
    assert (T : 0 < t) by (apply Rmult_lt_0_compat; auto using exp_pos).
    assert (L : ln t = ln partition_printed + beta * lambda).
    { unfold t. rewrite ln_mult, ln_exp; auto using exp_pos. }
    assert (U : ln t <= t - 1).
    { destruct (Req_dec t 1) as [-> | N]; [rewrite ln_1; lra|]. left. now apply ln_less. }
    replace (1 / beta * partition_printed * exp (beta * lambda) - lambda)
      with (1 / beta * (t - beta * lambda)) by (unfold t; field; lra).
    apply Rmult_le_compat_l; lra.
  - destruct optimal_policy as (_ & _ & -> & _). rewrite M, partition_printed_is.
    rewrite ln_mult, ln_exp by (assumption || apply exp_pos). ring.
Qed.

(** Equation 5: the stationary point at the multiplier. *)
Theorem equation_5 y : stationary multiplier y = optimum y.
Proof.
  rewrite <- optimal_policy_as_printed. unfold stationary. fold partition_printed.
  pose proof partition_printed_positive as P.
  replace (exp (beta * multiplier)) with (/ partition_printed); [reflexivity|].
  pose proof (proj2 (multiplier_is_where_it_vanishes multiplier) eq_refl) as V.
  apply (Rmult_eq_reg_l partition_printed); [|lra]. rewrite Rinv_r by lra. lra.
Qed.

(** *** Back to the reward *)

Theorem exponential_of_reward y : 0 < zeta y ->
  exp (beta * reward y) = partition * optimum y / zeta y.
Proof. intros P. pose proof partition_positive. unfold optimum. field. lra. Qed.

(** The reward in terms of the policy that is optimal for it. *)
Lemma reward_of_optimum y : 0 < zeta y ->
  reward y = 1 / beta * ln (optimum y / zeta y) + 1 / beta * ln partition.
Proof.
  intros P. rewrite ln_quotient, ln_optimum by (assumption || now apply optimum_positive).
  field; lra.
Qed.

(** Bradley-Terry: the preference probability is the sigmoid of MI-DPO's argument; Z cancels. *)
Theorem bradley_terry y1 y2 : 0 < zeta y1 -> 0 < zeta y2 ->
  exp (reward y1) / (exp (reward y1) + exp (reward y2))
  = sigmoid (1 / beta * ln (optimum y1 / zeta y1) - 1 / beta * ln (optimum y2 / zeta y2)).
Proof.
  intros P Q. rewrite (reward_of_optimum y1 P), (reward_of_optimum y2 Q). unfold sigmoid.
  set (a := 1 / beta * ln (optimum y1 / zeta y1)). set (b := 1 / beta * ln (optimum y2 / zeta y2)).
  replace (- (a - b)) with (- a + b) by ring. rewrite !exp_plus, exp_Ropp.
  pose proof (exp_pos a); pose proof (exp_pos b); pose proof (exp_pos (1 / beta * ln partition)).
  field. repeat split; apply Rgt_not_eq; nra.
Qed.
End OptimalPolicy.

(** cEntropy's prior contains the policy: zeta = ref p^(1 - eta). The objective with it is that of
    another prior, free of the policy, and another beta; so it has one maximiser, in closed form. *)
Theorem objective_with_policy_in_prior n ref reward beta eta p :
  0 < beta -> 0 < eta -> (forall y, (y < n)%nat -> 0 < ref y) -> (forall y, (y < n)%nat -> 0 < p y) ->
  objective n (fun y => ref y * Rpower (p y) (1 - eta)) reward beta p
  = objective n (fun y => Rpower (ref y) (1 / eta)) reward (beta / eta) p.
Proof.
  intros B E Pr Pp. apply sum_t_ext; intros y Hy. specialize (Pr y Hy); specialize (Pp y Hy).
  do 2 f_equal. rewrite !ln_quotient, ln_mult by
    (assumption || apply Rpower_positive || (apply Rmult_lt_0_compat; [assumption | apply exp_pos])).
  unfold Rpower. rewrite !ln_exp. field. lra.
Qed.

Theorem optimum_with_policy_in_prior n ref reward beta eta y :
  0 < eta -> (forall k, (k < n)%nat -> 0 < ref k) -> (y < n)%nat ->
  optimum n (fun k => Rpower (ref k) (1 / eta)) reward (beta / eta) y
  = Rpower (ref y * exp (beta * reward y)) (1 / eta)
    / sum_t n (fun k => Rpower (ref k * exp (beta * reward k)) (1 / eta)).
Proof.
  intros E P Hy. assert (T : forall k, (k < n)%nat ->
    Rpower (ref k) (1 / eta) * exp (beta / eta * reward k)
    = Rpower (ref k * exp (beta * reward k)) (1 / eta)).
  { intros k Hk. rewrite <- Rpower_mult_distr by (auto using exp_pos). f_equal.
    unfold Rpower. rewrite ln_exp. f_equal. field. lra. }
  unfold optimum, partition. rewrite (sum_t_ext n _ _ T), T by assumption. reflexivity.
Qed.

(** Section 2 prints exp(r/beta). Under the objective above, whose factor is 1/beta, that policy is
    not optimal: two responses, a uniform prior, rewards 0 and 1, beta = 2. *)
Definition section_2_policy (n : nat) (zeta reward : nat -> R) (beta : R) (y : nat) : R :=
  zeta y * exp (reward y / beta) / sum_t n (fun k => zeta k * exp (reward k / beta)).

Lemma section_2_policy_is n zeta reward beta y :
  section_2_policy n zeta reward beta y = optimum n zeta reward (1 / beta) y.
Proof.
  unfold section_2_policy, optimum, partition.
  assert (E : forall k, exp (reward k / beta) = exp (1 / beta * reward k)).
  { intros k. f_equal. unfold Rdiv. ring. }
  rewrite E. f_equal. apply sum_t_ext; intros; now rewrite E.
Qed.

(** It is a distribution, and its own Bradley-Terry step is right. *)
Theorem section_2_bradley_terry n zeta reward beta : 0 < beta ->
  (forall y, (y < n)%nat -> 0 <= zeta y) -> 0 < sum_t n zeta ->
  distribution n (section_2_policy n zeta reward beta) /\
  forall y1 y2, 0 < zeta y1 -> 0 < zeta y2 ->
    exp (reward y1) / (exp (reward y1) + exp (reward y2))
    = sigmoid (beta * ln (section_2_policy n zeta reward beta y1 / zeta y1)
               - beta * ln (section_2_policy n zeta reward beta y2 / zeta y2)).
Proof.
  intros B Z S. assert (C : 0 < 1 / beta) by (apply Rdiv_lt_0_compat; lra). split.
  - destruct (optimum_distribution n zeta reward (1 / beta) Z S) as [P Q]. split.
    + intros y Hy. rewrite section_2_policy_is. auto.
    + rewrite <- Q. apply sum_t_ext; intros. apply section_2_policy_is.
  - intros y1 y2 P Q. rewrite !section_2_policy_is.
    rewrite (bradley_terry n zeta reward (1 / beta) C Z S y1 y2 P Q).
    replace (1 / (1 / beta)) with beta by (field; lra). reflexivity.
Qed.

Theorem section_2_policy_is_not_optimal : exists n zeta reward beta,
  0 < beta /\ (forall y, (y < n)%nat -> 0 < zeta y) /\ sum_t n zeta = 1 /\
  objective n zeta reward beta (section_2_policy n zeta reward beta)
  < objective n zeta reward beta (optimum n zeta reward beta).
Proof.
  set (zeta := fun _ : nat => / 2). exists 2%nat, zeta, INR, 2.
  split; [lra|]. split; [intros; unfold zeta; lra|]. split; [simpl; unfold zeta; lra|].
  destruct (optimal_policy 2 zeta INR 2) as (_ & _ & _ & best);
    [lra | intros; unfold zeta; lra | simpl; unfold zeta; lra |].
  pose proof (exp_pos (0 / 2)) as E0; pose proof (exp_pos (1 / 2)) as E1.
  assert (D : distribution 2 (section_2_policy 2 zeta INR 2)).
  { unfold section_2_policy, zeta; split; simpl; [|field; lra]. intros y _. left.
    apply Rdiv_lt_0_compat; [|lra]. apply Rmult_lt_0_compat; [lra | apply exp_pos]. }
  destruct (best _ D) as [L U]; [intros ? ? _; unfold zeta; lra|].
  destruct L as [L | L]; [assumption | exfalso].
  specialize (U L 0%nat ltac:(lia)). revert U.
  unfold section_2_policy, optimum, partition, zeta; simpl.
  replace (0 / 2) with 0 by lra. rewrite !Rmult_0_r, !exp_0, Rmult_1_r. intros U.
  assert (X : exp (1 / 2) < exp 2) by (apply exp_increasing; lra).
  replace (2 * 1) with 2 in U by ring. pose proof (exp_pos 2) as E2.
  apply (f_equal Rinv) in U. unfold Rdiv in U. rewrite !Rinv_mult, !Rinv_inv in U. lra.
Qed.

(** ** Section 5.2: policy and prior optimised together do no worse than the policy alone *)

Definition minimises {A : Type} (P : A -> Prop) (f : A -> R) (a : A) : Prop :=
  P a /\ forall b, P b -> f a <= f b.

Theorem joint_optimum {A B : Type} (policies : A -> Prop) (priors : B -> Prop) (loss : A -> B -> R)
    (a : A) (b : B) (fixed : B) (best : A) :
  minimises (fun p => policies (fst p) /\ priors (snd p)) (fun p => loss (fst p) (snd p)) (a, b) ->
  priors fixed -> minimises policies (fun p => loss p fixed) best -> loss a b <= loss best fixed.
Proof. intros [_ least] allowed [good _]. exact (least (best, fixed) (conj good allowed)). Qed.

(** In particular at most the loss of any policy with any prior, also one that goes with it. *)
Theorem joint_optimum_any_pair {A B : Type} (policies : A -> Prop) (priors : B -> Prop)
    (loss : A -> B -> R) (a : A) (b : B) (p : A) (z : B) :
  minimises (fun p => policies (fst p) /\ priors (snd p)) (fun p => loss (fst p) (snd p)) (a, b) ->
  policies p -> priors z -> loss a b <= loss p z.
Proof. intros [_ least] P Z. exact (least (p, z) (conj P Z)). Qed.

(** ** Why TDPO adds a divergence and TIS-DPO subtracts one: both centre the log-ratio of a token *)

Theorem centred_under_reference n p ref : distribution n ref ->
  (forall y, (y < n)%nat -> 0 < p y /\ 0 < ref y) ->
  sum_t n (fun y => ref y * (ln (p y / ref y) + KL n ref p)) = 0.
Proof.
  intros [_ S] P. rewrite (sum_t_ext n _ (fun y => - (ref y * ln (ref y / p y)) + ref y * KL n ref p)).
  - rewrite sum_t_add, sum_t_scale_right, S.
    rewrite (sum_t_ext n _ (fun y => (- 1) * (ref y * ln (ref y / p y)))) by (intros; ring).
    rewrite sum_t_scale. unfold KL. ring.
  - intros y Hy. destruct (P y Hy). rewrite !ln_quotient by assumption. ring.
Qed.

Theorem centred_under_policy n p ref : distribution n p ->
  sum_t n (fun y => p y * (ln (p y / ref y) - KL n p ref)) = 0.
Proof.
  intros [_ S]. rewrite (sum_t_ext n _ (fun y => p y * ln (p y / ref y) - p y * KL n p ref))
    by (intros; ring).
  rewrite sum_t_sub, sum_t_scale_right, S. unfold KL. ring.
Qed.

(** ** Implicit rewards of appendix B, of one response with P = pi(y|x), R = pi_ref(y|x) *)

Theorem simpo_reward alpha P n offset : 0 < P -> 0 < n ->
  alpha * ln (P / (Rpower P (1 - 1 / n) * exp offset)) = alpha / n * ln P - alpha * offset.
Proof.
  intros A B. rewrite ln_quotient, ln_mult, ln_exp by
    (assumption || apply Rpower_positive || apply exp_pos
     || (apply Rmult_lt_0_compat; apply exp_pos)).
  unfold Rpower. rewrite ln_exp. field. lra.
Qed.

Theorem r_dpo_reward alpha beta P R n : 0 < P -> 0 < R ->
  alpha * ln (P / (R / exp (beta * n))) = alpha * ln (P / R) + alpha * beta * n.
Proof.
  intros A B. pose proof (exp_pos (beta * n)) as E.
  rewrite !ln_quotient, ln_exp by (assumption || now apply Rdiv_lt_0_compat). ring.
Qed.

Theorem r_dpo_difference alpha beta P1 R1 n1 P2 R2 n2 : 0 < P1 -> 0 < R1 -> 0 < P2 -> 0 < R2 ->
  alpha * ln (P1 / (R1 / exp (beta * n1))) - alpha * ln (P2 / (R2 / exp (beta * n2)))
  = alpha * ln (P1 / R1) - alpha * ln (P2 / R2) + alpha * beta * (n1 - n2).
Proof. intros. rewrite !r_dpo_reward by assumption. ring. Qed.

Theorem tdpo_reward alpha P R K : 0 < P -> 0 < R ->
  alpha * ln (P / (R * exp (- K))) = alpha * ln (P / R) + alpha * K.
Proof.
  intros A B. pose proof (exp_pos (- K)) as E.
  rewrite !ln_quotient, ln_mult, ln_exp by (assumption || now apply Rmult_lt_0_compat). ring.
Qed.

(** [tok] and [tref] are the probabilities of the tokens of the response, [k] the divergences. *)
Theorem sparsepo_prior_forms n tok tref mu1 D :
  (forall t, (t < n)%nat -> 0 < tok t /\ 0 < tref t) ->
  exp (sum_t n (fun t => ln (tok t)) - sum_t n (fun t => mu1 t * ln (tok t / tref t)) - D)
  = exp (sum_t n (fun t => ln (Rpower (tok t) (1 - mu1 t) / Rpower (tref t) (- mu1 t))) - D).
Proof.
  intros P. rewrite <- sum_t_sub. do 2 f_equal. apply sum_t_ext; intros t Ht.
  destruct (P t Ht). rewrite !ln_quotient by (assumption || apply Rpower_positive).
  unfold Rpower. rewrite !ln_exp. ring.
Qed.

Theorem sparsepo_reward n alpha tok tref mu1 D :
  alpha * ln (exp (sum_t n (fun t => ln (tok t)))
              / exp (sum_t n (fun t => ln (tok t)) - sum_t n (fun t => mu1 t * ln (tok t / tref t)) - D))
  = alpha * sum_t n (fun t => mu1 t * ln (tok t / tref t)) + alpha * D.
Proof. rewrite ln_quotient, !ln_exp by apply exp_pos. ring. Qed.

(** ** SimPO's assumption: a pair and its flip cannot both have the margin *)

Theorem flipped_pair_has_no_offsets alpha gamma : 0 < alpha -> 0 < gamma ->
  ~ exists o1 o2, o1 - o2 = gamma / alpha /\ o2 - o1 = gamma / alpha.
Proof.
  intros A G (o1 & o2 & E & F). assert (0 < gamma / alpha) by now apply Rdiv_lt_0_compat. lra.
Qed.

(** ** The loss *)

(** Equation 2: Bradley-Terry is the sigmoid of the difference of rewards. *)
Theorem bradley_terry_is_sigmoid a b : exp a / (exp a + exp b) = sigmoid (a - b).
Proof.
  unfold sigmoid. replace (- (a - b)) with (b + - a) by ring. rewrite exp_plus, exp_Ropp.
  pose proof (exp_pos a); pose proof (exp_pos b). field. lra.
Qed.

Theorem loss_not_negative {V : vocab} alpha (pi : policy V) zeta (D : data V) :
  0 <= mi_dpo alpha pi zeta D.
Proof.
  assert (L : forall a, 0 <= loss_logsigmoid a).
  { intros a. unfold loss_logsigmoid, sigmoid. pose proof (exp_pos (- a)) as E.
    rewrite ln_Rinv by lra. rewrite Ropp_involutive, <- ln_1. left. apply ln_increasing; lra. }
  unfold mi_dpo, mean. destruct D as [|d D].
  - simpl. unfold Rdiv. lra.
  - apply Rmult_le_pos.
    + induction (d :: D) as [|e rest IH]; simpl; [lra|]. now apply Rplus_le_le_0_compat.
    + left. apply Rinv_0_lt_compat, lt_0_INR. simpl. lia.
Qed.

(** The negative log-likelihood of the data under Bradley-Terry is the loss, if the reward is that of
    the policy up to a function of the prompt. *)
Theorem likelihood_is_the_loss {V : vocab} beta (pi : policy V) zeta (r : list V -> list V -> R) c
    (D : data V) :
  (forall x y, r x y = 1 / beta * ln (seq pi x y / zeta x y) + c x) ->
  sum_over D (fun d =>
    - ln (exp (r (fst d) (fst (snd d)))
          / (exp (r (fst d) (fst (snd d))) + exp (r (fst d) (snd (snd d)))))) / INR (length D)
  = mi_dpo (1 / beta) pi zeta D.
Proof.
  intros R. unfold mi_dpo, mean. f_equal. apply sum_over_ext. intros [x [w l]] _; simpl.
  unfold loss_logsigmoid, mi_argument, sigmoid. rewrite (R x w), (R x l). do 2 f_equal.
  set (a := 1 / beta * ln (seq pi x w / zeta x w)). set (b := 1 / beta * ln (seq pi x l / zeta x l)).
  replace (- (a - b)) with (- a + b) by ring. rewrite !exp_plus, exp_Ropp.
  pose proof (exp_pos a); pose proof (exp_pos b); pose proof (exp_pos (c x)).
  field. repeat split; apply Rgt_not_eq; nra.
Qed.

(** ** What a prior can do *)

Section Priors.
Context {V : vocab} (pi : policy V) (alpha : R).

Lemma argument_of_exponential (score : list V -> list V -> R) x w l :
  mi_argument alpha pi (fun x y => seq pi x y * exp (score x y)) x w l
  = alpha * score x l - alpha * score x w.
Proof.
  unfold mi_argument.
  assert (E : forall y, ln (seq pi x y / (seq pi x y * exp (score x y))) = - score x y).
  { intros y. pose proof (seq_positive pi x y) as P. pose proof (exp_pos (score x y)) as Q.
    replace (seq pi x y / (seq pi x y * exp (score x y))) with (/ exp (score x y))
      by (field; split; lra).
    now rewrite ln_Rinv, ln_exp. }
  rewrite !E; ring.
Qed.

(** A prior of one response gives exactly the arguments that add up around triangles. *)
Theorem prior_iff_cocycle (alpha_not_zero : alpha <> 0) (m : list V -> list V -> list V -> R) :
  (exists zeta, (forall x y, 0 < zeta x y) /\
     forall x a b, mi_argument alpha pi zeta x a b = m x a b)
  <-> (forall x a b c, m x a b + m x b c = m x a c).
Proof.
  split.
  - intros (zeta & _ & E) x a b c. rewrite <- !E. unfold mi_argument; ring.
  - intros C. exists (fun x y => seq pi x y * exp (- (m x y [] / alpha))). split.
    + intros. apply Rmult_lt_0_compat; [apply seq_positive | apply exp_pos].
    + intros x a b. rewrite argument_of_exponential, <- (C x a [] b).
      assert (E : m x b [] + m x [] b = 0) by (rewrite C; pose proof (C x b b b); lra).
      replace (m x [] b) with (- m x b []) by lra. field. assumption.
Qed.

(** A prior that knows the label gives exactly the arguments with a part for the chosen and a part
    for the rejected response. *)
Theorem labelled_prior_iff (alpha_not_zero : alpha <> 0) (m : list V -> list V -> list V -> R) :
  (exists zeta, (forall chosen x y, 0 < zeta chosen x y) /\
     forall x a b,
       alpha * ln (seq pi x a / zeta true x a) - alpha * ln (seq pi x b / zeta false x b) = m x a b)
  <-> (forall x a b c d, m x a b + m x c d = m x a d + m x c b).
Proof.
  split.
  - intros (zeta & _ & E) x a b c d. rewrite <- !E; ring.
  - intros C.
    pose (score := fun (chosen : bool) x y =>
      if chosen then - (m x y [] / alpha) else (m x [] y - m x [] []) / alpha).
    exists (fun chosen x y => seq pi x y * exp (score chosen x y)). split.
    + intros. apply Rmult_lt_0_compat; [apply seq_positive | apply exp_pos].
    + intros x a b.
      assert (E : forall chosen y,
        ln (seq pi x y / (seq pi x y * exp (score chosen x y))) = - score chosen x y).
      { intros chosen y. pose proof (seq_positive pi x y) as P.
        pose proof (exp_pos (score chosen x y)) as Q.
        replace (seq pi x y / (seq pi x y * exp (score chosen x y)))
          with (/ exp (score chosen x y)) by (field; split; lra).
        now rewrite ln_Rinv, ln_exp. }
      rewrite !E. unfold score. pose proof (C x a b [] []) as H.
      replace (m x a b) with (m x a [] + m x [] b - m x [] []) by lra. field. assumption.
Qed.

(** If the prior is free, the loss says nothing of the policy: for any policy some prior brings it
    below any eps. *)
Theorem prior_alone_drives_the_loss_to_zero (alpha_positive : 0 < alpha)
    (D : data V) (label : labelling V) (eps : R) :
  labels label D -> D <> [] -> 0 < eps ->
  exists zeta, (forall x y, 0 < zeta x y) /\ 0 <= mi_dpo alpha pi zeta D <= eps.
Proof.
  intros fits some small. set (M := - ln eps / (2 * alpha)).
  pose (score := fun x y => if label x y then - M else M).
  exists (fun x y => seq pi x y * exp (score x y)). split.
  { intros. apply Rmult_lt_0_compat; [apply seq_positive | apply exp_pos]. }
  unfold mi_dpo. rewrite (mean_ext _ _ (fun _ _ _ => - ln eps)).
  2:{ intros x w l here. rewrite argument_of_exponential. unfold score.
      destruct (fits _ _ _ here) as [-> ->]. unfold M. field. lra. }
  assert (N : 0 < INR (length D)) by (apply lt_0_INR; destruct D; [congruence | simpl; lia]).
  assert (S : forall c, sum_over D (fun _ => c) = INR (length D) * c).
  { intros c. clear. induction D as [|d D IH]; [simpl; ring|].
    change (length (d :: D)) with (S (length D)). rewrite S_INR. simpl sum_over. rewrite IH. ring. }
  unfold mean. rewrite S.
  replace (INR (length D) * loss_logsigmoid (- ln eps) / INR (length D))
    with (loss_logsigmoid (- ln eps)) by (field; lra).
  unfold loss_logsigmoid, sigmoid. rewrite Ropp_involutive, exp_ln by assumption.
  rewrite ln_Rinv, Ropp_involutive by lra. split.
  - rewrite <- ln_1. left. apply ln_increasing; lra.
  - pose proof (ln_exp eps) as E. destruct (exp_ineq1_le eps) as [H | H].
    + apply ln_increasing in H; lra.
    + rewrite H; lra.
Qed.
End Priors.
