(** * MidpoRefute: tiny language models with exact numbers

    Four tokens; next-token probabilities 1/2, 1/4, 1/8, 1/8 in some order, looked up by context. So
    every log-probability and every divergence is a rational multiple of ln 2, and both sides of a
    statement come out as a + b ln 2. Two uses: a false statement is refuted at such a model, and
    the numbers that midpo_sym computes from a specification are compared with what the kernel
    computes from the generated file. *)

From Coq Require Import Reals Lra Lia List Bool Arith ZArith.
From Midpo Require Import MidpoCore.
Import ListNotations.
Local Open Scope R_scope.

(** ** The vocabulary *)

(** [te] ends a response. *)
Inductive letter := ta | tb | tc | te.

Definition same (u v : letter) : bool :=
  match u, v with ta, ta | tb, tb | tc, tc | te, te => true | _, _ => false end.
Fixpoint same_text (u v : list letter) : bool :=
  match u, v with
  | nil, nil => true
  | a :: r, b :: s => same a b && same_text r s
  | _, _ => false
  end.

Lemma letters_all : forall v, In v [ta; tb; tc; te].
Proof. intros []; simpl; auto. Qed.
Lemma letters_once : NoDup [ta; tb; tc; te].
Proof. repeat constructor; simpl; intuition discriminate. Qed.
Definition V4 : vocab := Vocab letter [ta; tb; tc; te] ta letters_all letters_once.

(** ** Policies *)

(** What a table says of a text; [other] where it says nothing. *)
Fixpoint look_up {A : Type} (other : A) (table : list (list letter * A)) (text : list letter) : A :=
  match table with
  | nil => other
  | (key, value) :: rest => if same_text key text then value else look_up other rest text
  end.

(** k stands for the probability 2^-k; one for each letter. *)
Record powers := Powers { of_a : nat; of_b : nat; of_c : nat; of_e : nat }.
Definition usual : powers := Powers 1 2 3 3.
Definition book : Type := list (list letter * powers).

Definition power (T : book) (context : list letter) (v : letter) : nat :=
  let p := look_up usual T context in
  match v with ta => of_a p | tb => of_b p | tc => of_c p | te => of_e p end.

(** 8 2^-k, for k of at most 3. *)
Definition eighths (k : nat) : Z := match k with 1%nat => 4 | 2%nat => 2 | _ => 1 end.
Definition small (k : nat) : bool := Nat.leb 1 k && Nat.leb k 3.
Definition fair (p : powers) : bool :=
  small (of_a p) && small (of_b p) && small (of_c p) && small (of_e p) &&
  Z.eqb (eighths (of_a p) + eighths (of_b p) + eighths (of_c p) + eighths (of_e p)) 8.
Definition valid (T : book) : bool := forallb (fun entry => fair (snd entry)) T.

Definition probability (T : book) (context : list V4) (v : V4) : R := / 2 ^ power T context v.

Lemma look_up_fair T context : valid T = true -> fair (look_up usual T context) = true.
Proof.
  induction T as [|[key value] T IH]; simpl; [reflexivity|].
  intros H; apply andb_prop in H; destruct H as [now later].
  destruct (same_text key context); auto.
Qed.

Lemma eighths_spec k : small k = true -> / 2 ^ k = IZR (eighths k) / 8.
Proof. destruct k as [|[|[|[|k]]]]; simpl; try discriminate; intros; lra. Qed.

Lemma fair_parts p : fair p = true ->
  small (of_a p) = true /\ small (of_b p) = true /\ small (of_c p) = true /\
  small (of_e p) = true /\
  (eighths (of_a p) + eighths (of_b p) + eighths (of_c p) + eighths (of_e p) = 8)%Z.
Proof.
  unfold fair; intros H.
  repeat match goal with H : _ && _ = true |- _ => apply andb_prop in H; destruct H end.
  repeat split; try assumption. now apply Z.eqb_eq.
Qed.

Lemma probability_positive T context v : 0 < probability T context v.
Proof. apply Rinv_0_lt_compat, pow_lt; lra. Qed.

Lemma probability_sums_to_one T : valid T = true ->
  forall context, sum_over (tokens V4) (probability T context) = 1.
Proof.
  intros H context. pose proof (fair_parts _ (look_up_fair T context H)) as (A & B & C & E & S).
  unfold probability, power; cbn [tokens V4 sum_over].
  rewrite !eighths_spec by assumption.
  apply (f_equal IZR) in S; rewrite !plus_IZR in S. lra.
Qed.

(** The policy of a table; [eq_refl] shows that the table is valid. *)
Definition dyadic (T : book) (H : valid T = true) : policy V4 :=
  Policy V4 (probability T) (probability_positive T) (probability_sums_to_one T H).

(** ** Weights of tokens: numbers looked up by the response up to the token, 1 elsewhere *)

Definition ratio : Type := Z * positive.
Definition value (q : ratio) : R := IZR (fst q) / IZR (Zpos (snd q)).
Definition weight (T : list (list letter * ratio)) : per_token V4 := fun x y t =>
  value (look_up (1%Z, 1%positive) T (firstn (S t) y)).

Lemma weight_holds (P : R -> Prop) T :
  P (1 / 1) -> Forall (fun entry => P (value (snd entry))) T -> forall x y t, P (weight T x y t).
Proof.
  intros one all x y t. unfold weight. generalize (firstn (S t) y); intros text.
  induction all as [|[key q] T here _ IH]; simpl; [exact one|].
  destruct (same_text key text); [exact here | exact IH].
Qed.

(** ** One pair of responses *)

Definition one_pair (x w l : list V4) : data V4 := [(x, (w, l))].
Definition chosen_is (w : list V4) : labelling V4 := fun _ y => same_text w y.

Lemma every_pair (P : list V4 -> list V4 -> list V4 -> Prop) x w l :
  P x w l -> every (one_pair x w l) P.
Proof. intros H x' w' l' [E | []]. now inversion E; subst. Qed.

Lemma labels_pair x w l :
  same_text w w = true -> same_text w l = false -> labels (chosen_is w) (one_pair x w l).
Proof. intros yes no. apply every_pair. now split. Qed.

(** Losses of one pair are equal only if ... *)
Lemma mean_pair f g a b x w l :
  mean f a (one_pair x w l) = mean g b (one_pair x w l) -> f (a x w l) = g (b x w l).
Proof. unfold mean; simpl. lra. Qed.

(** ... and under the log-sigmoid only if its arguments are. *)
Lemma sigmoid_positive a : 0 < sigmoid a.
Proof. apply Rinv_0_lt_compat. pose proof (exp_pos (- a)); lra. Qed.

Lemma logsigmoid_injective a b : loss_logsigmoid a = loss_logsigmoid b -> a = b.
Proof.
  unfold loss_logsigmoid; intros H.
  assert (E : sigmoid a = sigmoid b) by (apply ln_inv; try apply sigmoid_positive; lra).
  unfold sigmoid in E. apply (f_equal Rinv) in E; rewrite !Rinv_inv in E.
  assert (F : exp (- a) = exp (- b)) by lra. apply exp_inv in F. lra.
Qed.

(** ** Numbers *)

Lemma ln_tok T H (y : list V4) t :
  ln (tok (dyadic T H) [] y t) = - IZR (Z.of_nat (power T (firstn t y) (nth t y ta))) * ln 2.
Proof.
  unfold tok; simpl app. change (dyadic T H (firstn t y) (nth t y (filler V4)))
    with (/ 2 ^ power T (firstn t y) (nth t y ta)).
  rewrite ln_Rinv by (apply pow_lt; lra). rewrite ln_pow by lra. rewrite INR_IZR_INZ. ring.
Qed.

(** Eight times a divergence over ln 2: the sum of 8 2^-j (k - j) over the letters. *)
Definition nats (T U : book) (context : list letter) (v : letter) : Z :=
  eighths (power T context v) *
  (Z.of_nat (power U context v) - Z.of_nat (power T context v)).
Definition nats_all (T U : book) (context : list letter) : Z :=
  nats T U context ta + (nats T U context tb + (nats T U context tc + nats T U context te)).

Lemma divergence_term T U context v : valid T = true ->
  probability T context v * ln (probability T context v / probability U context v)
  = IZR (nats T U context v) / 8 * ln 2.
Proof.
  intros H. pose proof (fair_parts _ (look_up_fair T context H)) as (A & B & C & E & _).
  assert (S : small (power T context v) = true) by (destruct v; assumption).
  unfold nats, probability. rewrite mult_IZR, minus_IZR, <- !INR_IZR_INZ.
  set (j := power T context v) in *; set (k := power U context v).
  assert (P : forall n, 0 < 2 ^ n) by (intros; apply pow_lt; lra).
  replace (/ 2 ^ j / / 2 ^ k) with (2 ^ k * / 2 ^ j)
    by (unfold Rdiv; rewrite Rinv_inv; ring).
  rewrite ln_mult, ln_Rinv, !ln_pow by (lra || apply P || apply Rinv_0_lt_compat, P).
  rewrite (eighths_spec _ S). lra.
Qed.

Lemma kl_value T H U K (y : list V4) t :
  kl (dyadic T H) (dyadic U K) [] y t = IZR (nats_all T U (firstn t y)) / 8 * ln 2.
Proof.
  unfold kl; simpl app; cbn [tokens V4 sum_over].
  change (next (dyadic T H)) with (probability T); change (next (dyadic U K)) with (probability U).
  rewrite !divergence_term by assumption. unfold nats_all. rewrite !plus_IZR.
  change (token V4) with letter. field.
Qed.

Lemma len_value (y : list V4) : len y = IZR (Z.of_nat (length y)).
Proof. apply INR_IZR_INZ. Qed.

Lemma weight_value T x (y : list V4) t :
  weight T x y t = value (look_up (1%Z, 1%positive) T (firstn (S t) y)).
Proof. reflexivity. Qed.

Lemma ln_half : ln (1 / 2) = - ln 2.
Proof. replace (1 / 2) with (/ 2) by lra. apply ln_Rinv; lra. Qed.

(** ln 2 lies between 256 (1 - 1/r) and 256 (r - 1), for r close to the 256th root of 2: eight square
    roots, the one rounded up each time, the other down. *)
Lemma ln_below z : 0 < z -> ln z <= z - 1.
Proof.
  intros P. pose proof (exp_ineq1_le (ln z)) as H. rewrite exp_ln in H by assumption. lra.
Qed.

Lemma ln_at_most a b : 0 < a -> a <= b -> ln a <= ln b.
Proof. intros P [L | ->]; [left; now apply ln_increasing | right; reflexivity]. Qed.

Lemma ln_square a : 0 < a -> ln (a * a) = 2 * ln a.
Proof. intros P. rewrite ln_mult by assumption. ring. Qed.

Lemma root_above a r : 0 < a -> 0 < r -> a <= r * r -> ln a <= 2 * ln r.
Proof. intros P Q H. rewrite <- ln_square by assumption. now apply ln_at_most. Qed.

Lemma root_below a r : 0 < a -> 0 < r -> r * r <= a -> 2 * ln r <= ln a.
Proof.
  intros P Q H. rewrite <- ln_square by assumption.
  apply ln_at_most; [now apply Rmult_lt_0_compat | assumption].
Qed.

Lemma ln2_above : ln 2 < 6943 / 10000.
Proof.
  pose proof (root_above 2 (14142136 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_above (14142136 / 10000000) (11892072 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_above (11892072 / 10000000) (10905078 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_above (10905078 / 10000000) (10442739 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_above (10442739 / 10000000) (10218973 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_above (10218973 / 10000000) (10108894 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_above (10108894 / 10000000) (10054300 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_above (10054300 / 10000000) (10027114 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (ln_below (10027114 / 10000000) ltac:(lra)). lra.
Qed.

Lemma ln2_below : 6921 / 10000 < ln 2.
Proof.
  pose proof (root_below 2 (14142135 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_below (14142135 / 10000000) (11892070 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_below (11892070 / 10000000) (10905076 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_below (10905076 / 10000000) (10442737 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_below (10442737 / 10000000) (10218971 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_below (10218971 / 10000000) (10108892 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_below (10108892 / 10000000) (10054298 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (root_below (10054298 / 10000000) (10027112 / 10000000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (ln_below (/ (10027112 / 10000000)) ltac:(apply Rinv_0_lt_compat; lra)) as C.
  rewrite ln_Rinv in C by lra. lra.
Qed.

(** exp undoes whole multiples of ln 2. *)
Lemma exp_ln2_up n : exp (INR n * ln 2) = 2 ^ n.
Proof. rewrite <- ln_pow by lra. apply exp_ln, pow_lt; lra. Qed.
Lemma exp_ln2_down n : exp (- (INR n * ln 2)) = / 2 ^ n.
Proof. now rewrite exp_Ropp, exp_ln2_up. Qed.

(** The log-sigmoid loss where its argument vanishes. *)
Lemma logsigmoid_at_zero : loss_logsigmoid 0 = ln 2.
Proof.
  unfold loss_logsigmoid, sigmoid. rewrite Ropp_0, exp_0. replace (1 + 1) with 2 by lra.
  rewrite ln_Rinv by lra. ring.
Qed.

(** Powers of 2 under logarithm and exponential. *)
Lemma ln_up a n : a = 2 ^ n -> ln a = IZR (Z.of_nat n) * ln 2.
Proof. intros ->. rewrite <- INR_IZR_INZ. apply ln_pow; lra. Qed.
Lemma ln_down a n : a = / 2 ^ n -> ln a = - IZR (Z.of_nat n) * ln 2.
Proof.
  intros ->. rewrite ln_Rinv, (ln_up (2 ^ n) n) by (reflexivity || (apply pow_lt; lra)). ring.
Qed.
Lemma exp_up a n : a = IZR (Z.of_nat n) * ln 2 -> exp a = 2 ^ n.
Proof. intros ->. rewrite <- INR_IZR_INZ. apply exp_ln2_up. Qed.
Lemma exp_down a n : a = - IZR (Z.of_nat n) * ln 2 -> exp a = / 2 ^ n.
Proof. intros ->. rewrite Ropp_mult_distr_l_reverse, <- INR_IZR_INZ. apply exp_ln2_down. Qed.

Lemma tok_value T H (y : list V4) t :
  tok (dyadic T H) [] y t = / 2 ^ power T (firstn t y) (nth t y ta).
Proof. reflexivity. Qed.

(** ** Tactics *)

(** A concrete quantity of integers, computed. *)
Ltac compute_integers :=
  repeat match goal with
  | |- context [IZR (Z.of_nat ?n)] =>
      let z := eval vm_compute in (Z.of_nat n) in change (Z.of_nat n) with z
  | |- context [IZR (nats_all ?T ?U ?c)] =>
      let z := eval vm_compute in (nats_all T U c) in change (nats_all T U c) with z
  | |- context [value (look_up ?o ?T ?c)] =>
      let q := eval vm_compute in (look_up o T c) in
      change (look_up o T c) with q
  end;
  unfold value; cbn [fst snd].

Lemma form_value {V : vocab} (w l : list V) a c F G v :
  form w l a c F G -> c + sum_t (length w) (total F) + sum_t (length l) (total G) = v -> a = v.
Proof. unfold form. now intros ->. Qed.

(** An expression of the model equals a number: linear form first, then number by number. [unfold]
    is a tactic that unfolds the names of the model. *)
Ltac numbers unfold_names :=
  unfold_names; cbn [length sum_t INR]; flat; cbv beta iota delta [chosen_is same_text same andb];
  rewrite ?ln_tok, ?kl_value, ?len_value, ?weight_value;
  compute_integers; rewrite ?ln_1, ?ln_half.

(** The same where the laws of the logarithm do not reach, from the inside outwards: each token's
    probability is a number, so is what stands under a function, and the function has its value. *)
Ltac plain a :=
  lazymatch a with
  | context [exp _] => fail
  | context [Rmax _ _] => fail
  | context [ln _] => fail
  | _ => idtac
  end.
Ltac counted tactic :=
  first [ tactic 0%nat | tactic 1%nat | tactic 2%nat | tactic 3%nat | tactic 4%nat | tactic 5%nat
        | tactic 6%nat | tactic 7%nat | tactic 8%nat | tactic 9%nat | tactic 10%nat
        | tactic 11%nat | tactic 12%nat ].
Ltac whole_number n := let z := eval compute in (Z.of_nat n) in change (Z.of_nat n) with z.
Ltac known_number n := whole_number n; first [lra | field; lra].
Ltac known_function L E :=
  match goal with
  | |- context [ln ?a] =>
      plain a;
      counted ltac:(fun n =>
        first [rewrite (ln_up a n) by known_number n | rewrite (ln_down a n) by known_number n];
        whole_number n);
      rewrite <- E
  | |- context [exp ?a] =>
      plain a;
      counted ltac:(fun n =>
        first [ rewrite (exp_up a n) by (rewrite <- E; known_number n)
              | rewrite (exp_down a n) by (rewrite <- E; known_number n) ])
  | |- context [Rmax ?a ?b] =>
      plain a; plain b; first [rewrite (Rmax_left a b) by lra | rewrite (Rmax_right a b) by lra]
  end.
Ltac numbers_inside_out unfold_names :=
  unfold_names; unfold sg, Rpower, seq; cbn [length sum_t prod_t INR];
  cbv beta iota delta [chosen_is same_text same andb];
  rewrite ?kl_value, ?len_value, ?weight_value, ?tok_value;
  compute_integers;
  repeat match goal with |- context [power ?T ?c ?v] =>
    let n := eval vm_compute in (power T c v) in change (power T c v) with n
  end;
  pose proof ln2_above; pose proof ln2_below;
  let L := fresh "log_2" in let E := fresh "log_2_is" in
  remember (ln 2) as L eqn:E in *;
  repeat known_function L E;
  subst L.

Ltac evaluate w l unfold_names :=
  first
    [ eapply (form_value w l); [find_form | flat; numbers unfold_names; by_field]
    | numbers_inside_out unfold_names;
      first
        [ lra
        | by_field
        | eapply (form_value w l);
          [find_form | flat; rewrite ?sum_t_constant, ?ln_1, ?ln_half; by_field] ] ].

(** Two numbers a + b ln 2 are not equal. *)
Ltac apart := pose proof ln2_above; pose proof ln2_below; first [lra | nra].

Ltac apart_from_zero :=
  pose proof ln2_above; pose proof ln2_below;
  first [lra | intros ?; lra | intros ?; nra].

(** A weight is in its domain: every number of its table is, and so is 1. *)
Ltac weight_in_domain P :=
  apply (weight_holds P);
    [ cbv beta; lra
    | repeat first
        [ apply Forall_nil
        | apply Forall_cons; [unfold value; cbn [fst snd]; cbv beta; lra |] ] ].

(** A number that is given is in its domain, whichever response it is of. *)
Ltac given_in_domain :=
  repeat match goal with |- context [if ?b then _ else _] => destruct b end; lra.

(** A denominator of the statement is not zero at the one pair. *)
Ltac condition w l unfold_names facts :=
  try apply every_pair; facts;
  try (intros t here; unfold_names;
       revert here; cbn [length]; intros here;
       repeat (destruct t as [|t]; [clear here | try lia]));
  first
    [ match goal with |- ?a <> 0 =>
        let v := fresh in let E := fresh in
        evar (v : R); assert (E : a = v);
          [eapply (form_value w l); [find_form | flat; numbers unfold_names; unfold v; reflexivity]
          | rewrite E; unfold v; apart_from_zero]
      end
    | numbers_inside_out unfold_names; apart_from_zero ].
