(** * MidpoGradient: how a loss changes as the policy moves

    A certificate of a gradient is about any family of policies, one for each real number r, such as
    a network along a line in the space of its parameters. If the log-probabilities of the tokens
    and the statistics of their distributions have derivatives at some r, so has the loss, and its
    derivative is the sum of theirs, each times its coefficient. What stands under a stop-gradient
    is taken of the policy at that r, and does not move.

    Standard library only. First definitions, then the lemmas, which are the chain rule at each kind
    of node, and the tactic [gradient] that puts them together. *)

From Coq Require Import Reals Lra Lia List.
From Midpo Require Import MidpoCore.
Import ListNotations.
Local Open Scope R_scope.

(** Functions of r, one for each t that is allowed, with their derivatives at s. *)
Definition moves {T : Type} (allowed : T -> Prop) (f : R -> T -> R) (s : R) (d : T -> R) : Prop :=
  forall t, allowed t -> derivable_pt_lim (fun r => f r t) s (d t).

(** Those of the tokens of a response. *)
Definition moves_by_token {V : vocab} (y : list V) (f : R -> nat -> R) (s : R) (d : nat -> R) :=
  moves (fun t => (t < length y)%nat) f s d.

(** * What follows is proof: nothing below changes what a certificate says *)

Lemma derivative_is f s d e : derivable_pt_lim f s d -> d = e -> derivable_pt_lim f s e.
Proof. now intros H <-. Qed.

Lemma derivable_same f g s d :
  (forall r, f r = g r) -> derivable_pt_lim f s d -> derivable_pt_lim g s d.
Proof.
  intros E H e positive_e. destruct (H e positive_e) as [delta K]. exists delta.
  intros h nonzero small. rewrite <- !E. now apply K.
Qed.

(** Of two functions with the same values close to s one has the derivative of the other. *)
Lemma derivable_near f g s d :
  (exists delta, 0 < delta /\ forall r, Rabs (r - s) < delta -> f r = g r) ->
  derivable_pt_lim f s d -> derivable_pt_lim g s d.
Proof.
  intros [near [P E]] H e positive_e. destruct (H e positive_e) as [delta K].
  assert (Q : 0 < Rmin delta near) by (apply Rmin_pos; [apply cond_pos | exact P]).
  exists (mkposreal _ Q). intros h nonzero small; simpl in small.
  pose proof (Rmin_l delta near). pose proof (Rmin_r delta near).
  rewrite <- !E.
  - apply K; [assumption | lra].
  - replace (s - s) with 0 by ring. rewrite Rabs_R0. lra.
  - replace (s + h - s) with h by ring. lra.
Qed.

Section Rules.
Context {T : Type} (allowed : T -> Prop) (s : R).
Implicit Types (f g : R -> T -> R) (d e : T -> R).
Notation moves := (moves allowed).

Lemma moves_constant (c : T -> R) : moves (fun _ t => c t) s (fun _ => 0).
Proof. intros t _. apply derivable_pt_lim_const. Qed.
Lemma moves_alike (f : R -> R) (d : R) :
  derivable_pt_lim f s d -> moves (fun r _ => f r) s (fun _ => d).
Proof. intros H t _; exact H. Qed.
Lemma moves_add f g d e :
  moves f s d -> moves g s e -> moves (fun r t => f r t + g r t) s (fun t => d t + e t).
Proof. intros A B t here. exact (derivable_pt_lim_plus _ _ _ _ _ (A t here) (B t here)). Qed.
Lemma moves_neg f d : moves f s d -> moves (fun r t => - f r t) s (fun t => - d t).
Proof. intros A t here. exact (derivable_pt_lim_opp _ _ _ (A t here)). Qed.
Lemma moves_sub f g d e :
  moves f s d -> moves g s e -> moves (fun r t => f r t - g r t) s (fun t => d t - e t).
Proof. intros A B t here. exact (derivable_pt_lim_minus _ _ _ _ _ (A t here) (B t here)). Qed.
Lemma moves_scale (c : T -> R) g e :
  moves g s e -> moves (fun r t => c t * g r t) s (fun t => c t * e t).
Proof. intros A t here. exact (derivable_pt_lim_scal _ _ _ _ (A t here)). Qed.
Lemma moves_scale_right (c : T -> R) f d :
  moves f s d -> moves (fun r t => f r t * c t) s (fun t => c t * d t).
Proof.
  intros A t here. eapply derivable_same; [| exact (moves_scale c f d A t here)].
  intros r; simpl; ring.
Qed.
Lemma moves_mul f g d e :
  moves f s d -> moves g s e ->
  moves (fun r t => f r t * g r t) s (fun t => d t * g s t + f s t * e t).
Proof. intros A B t here. exact (derivable_pt_lim_mult _ _ _ _ _ (A t here) (B t here)). Qed.
Lemma moves_inv f d :
  (forall t, allowed t -> f s t <> 0) -> moves f s d ->
  moves (fun r t => / f r t) s (fun t => - d t / (f s t * f s t)).
Proof.
  intros N A t here. pose proof (N t here).
  eapply derivative_is.
  - eapply derivable_same; [| apply (derivable_pt_lim_div (fct_cte 1) (fun r => f r t) s 0 (d t));
      [apply derivable_pt_lim_const | exact (A t here) | exact (N t here)]].
    intros r; unfold div_fct, fct_cte. unfold Rdiv; ring.
  - unfold fct_cte, Rsqr. field. assumption.
Qed.
Lemma moves_exp f d : moves f s d -> moves (fun r t => exp (f r t)) s (fun t => exp (f s t) * d t).
Proof.
  intros A t here.
  exact (derivable_pt_lim_comp (fun r => f r t) exp s _ _ (A t here) (derivable_pt_lim_exp _)).
Qed.
Lemma moves_ln f d :
  (forall t, allowed t -> 0 < f s t) -> moves f s d ->
  moves (fun r t => ln (f r t)) s (fun t => / f s t * d t).
Proof.
  intros P A t here.
  exact (derivable_pt_lim_comp (fun r => f r t) ln s _ _ (A t here)
    (derivable_pt_lim_ln _ (P t here))).
Qed.
Lemma moves_pow f d n :
  moves f s d -> moves (fun r t => f r t ^ S n) s (fun t => INR (S n) * f s t ^ n * d t).
Proof.
  intros A t here.
  exact (derivable_pt_lim_comp (fun r => f r t) (fun a => a ^ S n) s _ _ (A t here)
    (derivable_pt_lim_pow _ (S n))).
Qed.
Lemma moves_atan f d :
  moves f s d -> moves (fun r t => atan (f r t)) s (fun t => / (1 + f s t * f s t) * d t).
Proof.
  intros A t here. eapply derivative_is.
  - exact (derivable_pt_lim_comp (fun r => f r t) atan s _ _ (A t here) (derivable_pt_lim_atan _)).
  - unfold Rsqr. replace (1 + f s t ^ 2) with (1 + f s t * f s t) by ring. reflexivity.
Qed.

(** Positive functions, by their logarithms. *)
Lemma moves_of_ln f d :
  (forall r t, 0 < f r t) -> moves (fun r t => ln (f r t)) s d ->
  moves f s (fun t => f s t * d t).
Proof.
  intros P A t here.
  pose proof (moves_exp _ _ A t here) as H; simpl in H. rewrite exp_ln in H by apply P.
  eapply derivable_same; [| exact H]. intros r; apply exp_ln, P.
Qed.

(** Positive, with the derivative d of the logarithm. *)
Definition rates f d : Prop :=
  (forall t, allowed t -> 0 < f s t) /\ moves f s (fun t => f s t * d t).

Lemma moves_by_rates f d : rates f d -> moves (fun r t => ln (f r t)) s d.
Proof.
  intros [P A] t here. pose proof (P t here).
  eapply derivative_is; [exact (moves_ln _ _ P A t here)|].
  cbv beta; field; lra.
Qed.
Lemma rates_of_ln f d :
  (forall r t, 0 < f r t) -> moves (fun r t => ln (f r t)) s d -> rates f d.
Proof. intros P A; split; [intros; apply P | now apply moves_of_ln]. Qed.
Lemma rates_plain f d :
  (forall t, allowed t -> 0 < f s t) -> moves f s d -> rates f (fun t => / f s t * d t).
Proof.
  intros P A; split; [exact P|]. intros t here. pose proof (P t here).
  eapply derivative_is; [exact (A t here) | cbv beta; field; lra].
Qed.
Lemma rates_constant (c : T -> R) :
  (forall t, allowed t -> 0 < c t) -> rates (fun _ t => c t) (fun _ => 0).
Proof.
  intros P; split; [exact P|]. intros t here.
  eapply derivative_is; [exact (moves_constant c t here) | cbv beta; ring].
Qed.
Lemma rates_mul f g d e :
  rates f d -> rates g e -> rates (fun r t => f r t * g r t) (fun t => d t + e t).
Proof.
  intros [P A] [Q B]; split; [intros; apply Rmult_lt_0_compat; auto|]. intros t here.
  eapply derivative_is; [exact (moves_mul _ _ _ _ A B t here) | cbv beta; ring].
Qed.
Lemma rates_inv f d : rates f d -> rates (fun r t => / f r t) (fun t => - d t).
Proof.
  intros [P A]; split; [intros; apply Rinv_0_lt_compat; auto|]. intros t here.
  pose proof (P t here). eapply derivative_is;
    [ apply (moves_inv f _ (fun t here => Rgt_not_eq _ _ (P t here)) A t here)
    | cbv beta; field; lra ].
Qed.
Lemma rates_exp f d : moves f s d -> rates (fun r t => exp (f r t)) d.
Proof. intros A; split; [intros; apply exp_pos | now apply moves_exp]. Qed.
Lemma rates_power f g d e : rates f d -> moves g s e ->
  rates (fun r t => Rpower (f r t) (g r t)) (fun t => e t * ln (f s t) + g s t * d t).
Proof.
  intros A B. unfold Rpower. apply (rates_exp (fun r t => g r t * ln (f r t))).
  exact (moves_mul _ _ _ _ B (moves_by_rates _ _ A)).
Qed.
Lemma rates_pow f d n : rates f d -> rates (fun r t => f r t ^ n) (fun t => INR n * d t).
Proof.
  intros [P A]; split; [intros; apply pow_lt; auto|]. intros t here. destruct n as [|n].
  - eapply derivative_is; [exact (moves_constant (fun _ => 1) t here) | simpl; ring].
  - eapply derivative_is; [exact (moves_pow _ _ n A t here)|]. cbv beta. simpl pow. ring.
Qed.
End Rules.

(** A sum over tokens. *)
Lemma derivable_sum n f s d :
  moves (fun t => (t < n)%nat) f s d -> derivable_pt_lim (fun r => sum_t n (f r)) s (sum_t n d).
Proof.
  induction n as [|n IH]; intros A; simpl; [apply derivable_pt_lim_const|].
  apply (derivable_pt_lim_plus (fun r => sum_t n (f r)) (fun r => f r n)).
  - apply IH. intros t here. apply A. lia.
  - apply A. lia.
Qed.
Lemma derivable_prod n f s d :
  (forall t, (t < n)%nat -> f s t <> 0) -> moves (fun t => (t < n)%nat) f s d ->
  derivable_pt_lim (fun r => prod_t n (f r)) s (prod_t n (f s) * sum_t n (fun t => d t / f s t)).
Proof.
  induction n as [|n IH]; intros N A; simpl.
  - eapply derivative_is; [apply derivable_pt_lim_const | ring].
  - eapply derivative_is.
    + apply (derivable_pt_lim_mult (fun r => prod_t n (f r)) (fun r => f r n)).
      * apply IH; intros t here; [apply N | apply A]; lia.
      * apply A. lia.
    + simpl. field. apply N. lia.
Qed.
Lemma ln_seq {V : vocab} (m : policy V) x y :
  ln (seq m x y) = sum_t (length y) (fun t => ln (tok m x y t)).
Proof. apply ln_prod_t. intros; apply tok_positive. Qed.
Lemma derivable_ln_seq {V : vocab} (family : R -> policy V) x y s d :
  moves_by_token y (fun r t => ln (tok (family r) x y t)) s d ->
  derivable_pt_lim (fun r => ln (seq (family r) x y)) s (sum_t (length y) d).
Proof.
  intros A. eapply derivable_same; [| exact (derivable_sum _ _ _ _ A)].
  intros r. now rewrite ln_seq.
Qed.
Lemma derivable_seq {V : vocab} (family : R -> policy V) x y s d :
  moves_by_token y (fun r t => ln (tok (family r) x y t)) s d ->
  derivable_pt_lim (fun r => seq (family r) x y) s (seq (family s) x y * sum_t (length y) d).
Proof.
  intros A. pose proof (derivable_ln_seq _ _ _ _ _ A) as H.
  exact (moves_of_ln (fun _ : unit => True) s (fun r _ => seq (family r) x y) (fun _ => _)
    (fun r _ => seq_positive _ _ _) (fun _ _ => H) tt I).
Qed.

(** A maximum, where its sides differ; what stands before the derivatives says which is larger. *)
Lemma continuous_at f s d : derivable_pt_lim f s d -> continuity_pt f s.
Proof. intros H. apply derivable_continuous_pt. now exists d. Qed.

Lemma positive_near f s : continuity_pt f s -> 0 < f s ->
  exists delta, 0 < delta /\ forall r, Rabs (r - s) < delta -> 0 < f r.
Proof.
  intros C P. destruct (C (f s) P) as [delta [Q K]]. exists delta; split; [exact Q|].
  intros r near. destruct (Req_dec r s) as [-> | other]; [exact P|].
  specialize (K r). simpl in K; unfold R_dist in K.
  assert (H : Rabs (f r - f s) < f s).
  { apply K. split; [split; [exact I | congruence] | exact near]. }
  apply Rabs_def2 in H. lra.
Qed.

Lemma derivable_max_left f g s d e : g s < f s ->
  derivable_pt_lim f s d -> derivable_pt_lim g s e ->
  derivable_pt_lim (fun r => Rmax (f r) (g r)) s d.
Proof.
  intros L A B. apply (derivable_near f); [| exact A].
  pose proof (derivable_pt_lim_minus _ _ _ _ _ A B) as C. apply continuous_at in C.
  destruct (positive_near _ _ C) as [delta [P K]]; [unfold minus_fct; lra|].
  exists delta; split; [exact P|]. intros r near. specialize (K r near). unfold minus_fct in K.
  rewrite Rmax_left; lra.
Qed.

Lemma moves_max {T} (allowed : T -> Prop) s f g d e :
  (forall t, allowed t -> f s t - g s t <> 0) -> moves allowed f s d -> moves allowed g s e ->
  moves allowed (fun r t => Rmax (f r t) (g r t)) s
    (fun t => (Rmax (f s t) (g s t) - g s t) / (f s t - g s t) * d t
      + (f s t - Rmax (f s t) (g s t)) / (f s t - g s t) * e t).
Proof.
  intros N A B t here. pose proof (N t here) as apart.
  destruct (Rlt_le_dec (g s t) (f s t)) as [more | less].
  - eapply derivative_is; [exact (derivable_max_left _ _ _ _ _ more (A t here) (B t here))|].
    rewrite Rmax_left by lra. field. assumption.
  - assert (more : f s t < g s t) by lra.
    eapply derivative_is.
    + eapply derivable_same;
        [| exact (derivable_max_left _ _ _ _ _ more (B t here) (A t here))].
      intros r; apply Rmax_comm.
    + rewrite Rmax_right by lra. field. assumption.
Qed.

(** ** Below one

    Where there are two tokens at least, no token has all the probability, and no response. *)

Lemma sum_over_positive {A} (elements : list A) f : (forall a, 0 < f a) -> 0 <= sum_over elements f.
Proof. intros P; induction elements as [|a rest IH]; simpl; [lra | pose proof (P a); lra]. Qed.

Lemma sum_over_two {A} (elements : list A) f u v : (forall a, 0 < f a) -> NoDup elements ->
  In u elements -> In v elements -> u <> v -> f u + f v <= sum_over elements f.
Proof.
  intros P once. induction once as [|a rest new once IH]; simpl; [tauto|]. intros U W apart.
  pose proof (sum_over_positive rest f P).
  assert (one : forall b, In b rest -> f b <= sum_over rest f).
  { clear - P. induction rest as [|c rest IH]; simpl; [tauto|]. intros b [-> | B].
    - pose proof (sum_over_positive rest f P); lra.
    - pose proof (P c); pose proof (IH b B); lra. }
  pose proof (P a). destruct U as [-> | U], W as [-> | W].
  - congruence.
  - pose proof (one _ W); lra.
  - pose proof (one _ U); lra.
  - pose proof (IH U W apart); lra.
Qed.

Lemma tok_below_one {V : vocab} (two : exists u v : token V, u <> v) (m : policy V) x y t :
  tok m x y t < 1.
Proof.
  unfold tok. set (context := x ++ firstn t y). set (v := nth t y (filler V)).
  assert (other : exists u : V, u <> v).
  { destruct two as (a & b & apart).
    destruct (Classical_Prop.classic (a = v)) as [-> | A]; [exists b; congruence | now exists a]. }
  destruct other as [u apart]. pose proof (next_positive m context u).
  pose proof (sum_over_two (tokens V) (next m context) u v (next_positive m context)
    (tokens_once V) (tokens_all V u) (tokens_all V v) apart) as most.
  rewrite (next_sums_to_one m context) in most. lra.
Qed.

Lemma prod_t_below_one n f : (forall t, 0 < f t < 1) -> prod_t (S n) f < 1.
Proof.
  intros H. induction n as [|n IH]; [simpl; pose proof (H 0%nat); lra|].
  change (prod_t (S n) f * f (S n) < 1). pose proof (H (S n)) as [P L].
  assert (0 < prod_t (S n) f) by (apply prod_t_positive; intros; apply H). nra.
Qed.

Lemma seq_below_one {V : vocab} (two : exists u v : token V, u <> v) (m : policy V) x y :
  (1 <= length y)%nat -> seq m x y < 1.
Proof.
  intros full. unfold seq. destruct (length y) as [|n]; [lia|].
  apply prod_t_below_one. intros t. split; [apply tok_positive | now apply tok_below_one].
Qed.

Lemma power_below_one a b : 0 < a -> a < 1 -> 0 < b -> Rpower a b < 1.
Proof.
  intros P L B. unfold Rpower. rewrite <- exp_0. apply exp_increasing.
  pose proof (ln_increasing a 1 P L) as less. rewrite ln_1 in less. nra.
Qed.
Lemma product_below_one a b : 0 < a -> a < 1 -> 0 < b -> b < 1 -> a * b < 1.
Proof. intros; nra. Qed.

Lemma share_below_one a : 0 < a -> 1 / (1 + a) < 1.
Proof.
  intros P. apply (Rmult_lt_reg_r (1 + a)); [lra|]. unfold Rdiv.
  rewrite Rmult_assoc, Rinv_l; lra.
Qed.

Ltac below_one :=
  cbv beta;
  lazymatch goal with
  | |- sg ?a < 1 => change (a < 1); below_one
  | |- seq _ _ _ < 1 => apply seq_below_one; assumption
  | |- tok _ _ _ _ < 1 => apply tok_below_one; assumption
  | |- Rpower _ _ < 1 => apply power_below_one; [positive | below_one | positive]
  | |- 1 / (1 + _) < 1 => apply share_below_one; positive
  | |- _ * _ < 1 => apply product_below_one; [positive | below_one | positive | below_one]
  | |- _ => lra
  end.

(** ** The procedure *)

Lemma moves_one (f : R -> R) s (d : unit -> R) :
  moves (fun _ => True) (fun r _ => f r) s d -> derivable_pt_lim f s (d tt).
Proof. intros H. exact (H tt I). Qed.

Ltac at_point :=
  let k := fresh "k" in let allowed := fresh "allowed" in cbv beta; intros k allowed; cbv beta.

(** The arguments of links have names; certificates put them here. *)
Create HintDb arguments.

(** Not zero because something that is assumed is not, which is the same number or minus it. *)
Ltac not_zero_here :=
  let N := fresh "N" in
  first
    [ not_zero
    | match goal with
      | w : list _, l : list _, H : ?a <> 0 |- ?b <> 0 =>
          intros N; apply H;
          first
            [ transitivity b; [autounfold with arguments; equal_at w l | exact N]
            | transitivity (- b); [autounfold with arguments; equal_at w l | rewrite N; ring] ]
      | here : (?k < _)%nat, H : forall t, (t < _)%nat -> _ <> 0 |- _ =>
          intros N; apply (H k here); autounfold with arguments in N; lra
      end ].

(** Derivatives of functions of r and of an index, node by node. *)
Ltac find_moves :=
  cbv beta;
  lazymatch goal with
  | |- moves ?P (fun _ t => @?c t) ?s _ => apply (moves_constant P s c)
  | |- moves ?P (fun r t => sg (@?f r t)) ?s ?d => change (moves P f s d); find_moves
  | |- moves ?P (fun r t => @?f r t + @?g r t) ?s _ => eapply (moves_add P s f g); find_moves
  | |- moves ?P (fun r t => @?f r t - @?g r t) ?s _ => eapply (moves_sub P s f g); find_moves
  | |- moves ?P (fun r t => - @?f r t) ?s _ => eapply (moves_neg P s f); find_moves
  | |- moves ?P (fun r t => @?f r t * @?g r t) ?s _ =>
      lazymatch f with
      | (fun _ t => @?c t) => eapply (moves_scale P s c g); find_moves
      | _ =>
          lazymatch g with
          | (fun _ t => @?c t) => eapply (moves_scale_right P s c f); find_moves
          | _ => eapply (moves_mul P s f g); find_moves
          end
      end
  | |- moves ?P (fun r t => @?f r t / @?g r t) ?s ?d =>
      change (moves P (fun r t => f r t * / g r t) s d); find_moves
  | |- moves ?P (fun r t => / @?f r t) ?s _ =>
      eapply (moves_inv P s f); [at_point; not_zero_here | find_moves]
  | |- moves ?P (fun r t => exp (@?f r t)) ?s _ => eapply (moves_exp P s f); find_moves
  | |- moves ?P (fun r t => Rpower (@?f r t) (@?g r t)) ?s ?d =>
      change (moves P (fun r t => exp (g r t * ln (f r t))) s d); find_moves
  | |- moves ?P (fun r t => ln (@?f r t)) ?s _ =>
      first [find_alike | eapply (moves_by_rates P s f); find_rates]
  | |- moves ?P (fun r t => atan (@?f r t)) ?s _ => eapply (moves_atan P s f); find_moves
  | |- moves ?P (fun r t => @?f r t ^ S ?n) ?s _ => eapply (moves_pow P s f _ n); find_moves
  | |- moves ?P (fun r t => Rmax (@?f r t) (@?g r t)) ?s _ =>
      eapply (moves_max P s f g); [at_point; not_zero_here | find_moves | find_moves]
  | _ => find_alike
  end
with find_rates :=
  cbv beta;
  lazymatch goal with
  | |- rates ?P ?s (fun r t => sg (@?f r t)) ?d => change (rates P s f d); find_rates
  | |- rates ?P ?s (fun _ t => @?c t) _ => apply (rates_constant P s c); at_point; positive
  | |- rates ?P ?s (fun r t => @?f r t * @?g r t) _ => eapply (rates_mul P s f g); find_rates
  | |- rates ?P ?s (fun r t => @?f r t / @?g r t) ?d =>
      change (rates P s (fun r t => f r t * / g r t) d); find_rates
  | |- rates ?P ?s (fun r t => / @?f r t) _ => eapply (rates_inv P s f); find_rates
  | |- rates ?P ?s (fun r t => exp (@?f r t)) _ => eapply (rates_exp P s f); find_moves
  | |- rates ?P ?s (fun r t => Rpower (@?f r t) (@?g r t)) _ =>
      eapply (rates_power P s f g); [find_rates | find_moves]
  | |- rates ?P ?s (fun r t => @?f r t ^ ?n) _ => eapply (rates_pow P s f _ n); find_rates
  | |- rates ?P ?s (fun r t => tok (@?m r) ?x ?y t) _ =>
      eapply (rates_of_ln P s (fun r t => tok (m r) x y t));
        [intros; apply tok_positive | eassumption]
  | |- rates ?P ?s (fun r _ => seq (@?m r) ?x ?y) _ =>
      eapply (rates_of_ln P s (fun r _ => seq (m r) x y));
        [intros; apply seq_positive | find_alike]
  | |- rates ?P ?s ?f _ => eapply (rates_plain P s f); [at_point; positive | find_moves]
  end
with find_alike :=
  first
    [ eassumption
    | lazymatch goal with
      | |- moves ?P (fun r t => tok (@?m r) ?x ?y t) ?s _ =>
          eapply (moves_of_ln P s (fun r t => tok (m r) x y t));
            [intros; apply tok_positive | eassumption]
      | |- moves ?P (fun r _ => @?f r) ?s _ => eapply (moves_alike P s f); find_derivative
      end ]
with find_derivative :=
  cbv beta;
  first
    [ eassumption
    | lazymatch goal with
      | |- derivable_pt_lim (fun r => ln (seq _ _ _)) _ _ => eapply derivable_ln_seq; eassumption
      | |- derivable_pt_lim (fun r => seq _ _ _) _ _ => eapply derivable_seq; eassumption
      | |- derivable_pt_lim (fun r => sum_t ?n (fun t => @?f r t)) _ _ =>
          eapply (derivable_sum n f); find_moves
      | |- derivable_pt_lim (fun r => prod_t ?n (fun t => @?f r t)) _ _ =>
          eapply (derivable_prod n f); [at_point; not_zero_here | find_moves]
      end ].

Ltac find_slope :=
  lazymatch goal with
  | |- derivable_pt_lim ?f ?s ?d => eapply (moves_one f s); find_moves
  end.

(** *** The derivative that was found is the one that was claimed *)

Lemma exp_opposite a b : a = - b -> exp a = / exp b.
Proof. intros ->; apply exp_Ropp. Qed.
Lemma exp_twice a b : a = 2 * b -> exp a = exp b * exp b.
Proof. intros ->. rewrite <- exp_plus. f_equal; ring. Qed.
Lemma exp_more a b c : 0 < c -> a = b + ln c -> exp a = exp b * c.
Proof. intros P ->. now rewrite exp_plus, exp_ln. Qed.
Lemma exp_less a b c : 0 < c -> a = b - ln c -> exp a = exp b / c.
Proof. intros P ->. unfold Rminus, Rdiv. now rewrite exp_plus, exp_Ropp, exp_ln. Qed.
Lemma exp_of_ln a c : 0 < c -> a = ln c -> exp a = c.
Proof. intros P ->; now apply exp_ln. Qed.
Lemma exp_of_ln_inverse a c : 0 < c -> a = - ln c -> exp a = / c.
Proof. intros P ->. now rewrite exp_Ropp, exp_ln. Qed.
Lemma exp_of_zero a : a = 0 -> exp a = 1.
Proof. intros ->; apply exp_0. Qed.

(** Exponentials by each other: those of equal, opposite and doubled arguments, and of arguments
    that differ by a logarithm. *)
Ltac alone a :=
  first
    [ rewrite (exp_of_zero a) by plain_field
    | match a with context [ln ?c] =>
        first
          [ rewrite (exp_of_ln a c) by (plain_field || positive)
          | rewrite (exp_of_ln_inverse a c) by (plain_field || positive) ]
      end ].
Ltac by_another a b :=
  first
    [ replace (exp a) with (exp b) by (f_equal; plain_field)
    | rewrite (exp_opposite a b) by plain_field
    | rewrite (exp_twice a b) by plain_field
    | match a with context [ln ?c] =>
        first
          [ rewrite (exp_more a b c) by (plain_field || positive)
          | rewrite (exp_less a b c) by (plain_field || positive) ]
      end ].
Ltac fewer_exponentials :=
  repeat match goal with |- context [exp ?a] =>
    first
      [ alone a
      | match goal with |- context [exp ?b] =>
          tryif constr_eq a b then fail else by_another a b
        end ]
  end.
Ltac by_slopes :=
  first [reflexivity | fewer_exponentials; first [ring | field; repeat split; not_zero_here]].

(** Both sides are c + sum over t of F(t) over the chosen response, and of G(t) over the rejected
    one: what no derivative of a token stands in is a factor. *)
Ltac has_rate a :=
  match goal with H : moves _ _ _ ?v |- _ => match a with context [v] => idtac end end.
Ltac find_rates_form :=
  cbv beta;
  lazymatch goal with
  | |- form _ _ (_ + _) _ _ _ => eapply form_add; find_rates_form
  | |- form _ _ (_ - _) _ _ _ => eapply form_sub; find_rates_form
  | |- form _ _ (- _) _ _ _ => eapply form_neg; find_rates_form
  | |- form _ _ (?a * _) _ _ _ =>
      tryif has_rate a
      then eapply form_scale_right; [find_rates_form | apply form_constant]
      else (eapply form_scale; [apply form_constant | find_rates_form])
  | |- form ?w ?l (?a / ?b) ?c ?F ?G => change (form w l (a * / b) c F G); find_rates_form
  | |- form ?w ?l (sum_t (length ?w) ?f) _ _ _ =>
      tryif has_rate f then eapply form_sum_chosen; apply body_atom else apply form_constant
  | |- form ?w ?l (sum_t (length ?l) ?f) _ _ _ =>
      tryif has_rate f then eapply form_sum_rejected; apply body_atom else apply form_constant
  | |- form _ _ _ _ _ _ => apply form_constant
  end.

Ltac slopes_equal w l :=
  cbv beta; unfold sg, Rpower in *;
  eapply (form_equal w l); [find_rates_form | find_rates_form | | intros t ? | intros t ?];
  flat; cbn [INR];
  [first [ring | by_slopes] | by_slopes | by_slopes].

(** In a certificate: [slope_of f unfolding] keeps the derivative of an argument among what is
    known; [find_slope] finds that of the loss with it. *)
Ltac slope_of f s unfolding :=
  let d := fresh "d" in let H := fresh "H" in
  evar (d : R);
  assert (H : derivable_pt_lim f s d) by (cbv beta; unfolding; subst d; find_slope);
  subst d; cbv beta in H.

(** Afterwards what an argument is does not matter. *)
Ltac slope_at a := generalize a; intros ?.
