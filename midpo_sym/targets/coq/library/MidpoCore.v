(** * MidpoCore: the world in which every certificate of midpo_sym is stated

    First half: definitions. They are what a reader has to agree with, for Coq checks proofs, not
    whether the words mean what one thinks. Second half: the procedure [midpo] that proves the
    certificates. It need not be trusted: Coq's kernel checks what it finds.

    Standard library only. Names that begin with [m_], [p_] or [w_] are left to the certificates:
    models, parameters and weights of a specification. *)

From Coq Require Import Reals Lra Lia List Bool Arith.
Import ListNotations.
Local Open Scope R_scope.

(** ** Sums and products *)

(** Over the tokens of a response: f 0 + f 1 + ... + f (n - 1), and the product. *)
Fixpoint sum_t (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S k => sum_t k f + f k end.
Fixpoint prod_t (n : nat) (f : nat -> R) : R :=
  match n with O => 1 | S k => prod_t k f * f k end.

(** Over the elements of a list. *)
Fixpoint sum_over {A : Type} (elements : list A) (f : A -> R) : R :=
  match elements with nil => 0 | a :: rest => f a + sum_over rest f end.

(** ** Language models *)

(** A vocabulary is a finite type: its tokens, listed without repetition. [filler] is any token; it
    stands where a list is asked for a place that it does not have. *)
Record vocab := Vocab {
  token :> Type;
  tokens : list token;
  filler : token;
  tokens_all : forall v, In v tokens;
  tokens_once : NoDup tokens
}.

(** A policy gives every next token a positive probability after every context; they sum to 1. *)
Record policy (V : vocab) := Policy {
  next :> list V -> V -> R;
  next_positive : forall context v, 0 < next context v;
  next_sums_to_one : forall context, sum_over (tokens V) (next context) = 1
}.
Arguments next {V}.
Arguments next_positive {V}.
Arguments next_sums_to_one {V}.

Section Quantities.
Context {V : vocab}.

(** pi(y_t | x, y_<t), with t counted from 0. *)
Definition tok (m : policy V) (x y : list V) (t : nat) : R :=
  m (x ++ firstn t y) (nth t y (filler V)).

(** pi(y | x), the product over the tokens of y. *)
Definition seq (m : policy V) (x y : list V) : R := prod_t (length y) (tok m x y).

(** KL(m || n) of the next-token distributions before token t, over the vocabulary. *)
Definition kl (m n : policy V) (x y : list V) (t : nat) : R :=
  let context := x ++ firstn t y in
  sum_over (tokens V) (fun v => m context v * ln (m context v / n context v)).

(** |y| as a real number. *)
Definition len (y : list V) : R := INR (length y).

End Quantities.

(** A stop-gradient has the value of its argument. Certificates are about values. *)
Definition sg (a : R) : R := a.

(** ** Losses *)

Definition sigmoid (a : R) : R := / (1 + exp (- a)).

(** The loss of one pair of responses, as a function of the argument of the link. *)
Definition loss_logsigmoid (a : R) : R := - ln (sigmoid a).
Definition loss_identity (a : R) : R := - a.
Definition loss_hinge (a : R) : R := Rmax 0 (1 - a).
Definition loss_square (a : R) : R := (1 - a) ^ 2.
Definition loss_sigmoid (a : R) : R := 1 - sigmoid a.

Section Losses.
Context {V : vocab}.

(** Preference data: prompts, each with a chosen and a rejected response. *)
Definition data : Type := list (list V * (list V * list V)).

(** What holds of every prompt x, chosen response w and rejected response l in the data. *)
Definition every (D : data) (P : list V -> list V -> list V -> Prop) : Prop :=
  forall x w l, In (x, (w, l)) D -> P x w l.

(** The mean of a loss over the data. *)
Definition mean (loss : R -> R) (argument : list V -> list V -> list V -> R) (D : data) : R :=
  sum_over D (fun d => loss (argument (fst d) (fst (snd d)) (snd (snd d)))) / INR (length D).

(** MI-DPO: what goes into its log-sigmoid for a prior, and its loss. *)
Definition mi_argument (scale : R) (pi : policy V) (prior : list V -> list V -> R)
    (x w l : list V) : R :=
  scale * ln (seq pi x w / prior x w) - scale * ln (seq pi x l / prior x l).
Definition mi_dpo (scale : R) (pi : policy V) (prior : list V -> list V -> R) (D : data) : R :=
  mean loss_logsigmoid (mi_argument scale pi prior) D.

(** A prior that knows labels reads them from a function of prompt and response: [true] says
    chosen. It fits the data if it says so of every chosen response and of no rejected one. *)
Definition labelling : Type := list V -> list V -> bool.
Definition labels (label : labelling) (D : data) : Prop :=
  every D (fun x w l => label x w = true /\ label x l = false).

(** No response is both chosen and rejected for the same prompt. *)
Definition consistent (D : data) : Prop :=
  forall x y w l, In (x, (y, l)) D -> In (x, (w, y)) D -> False.

End Losses.
Arguments data V : clear implicits.
Arguments labelling V : clear implicits.

(** A number for each token of a response, such as an importance weight. *)
Definition per_token (V : vocab) : Type := list V -> list V -> nat -> R.

(** A labelling exists exactly if the data is consistent. *)
Theorem labels_iff_consistent {V : vocab} (same : forall a b : V, {a = b} + {a <> b})
    (D : data V) : (exists label, labels label D) <-> consistent D.
Proof.
  split.
  - intros [label fits] x y w l chosen rejected.
    destruct (fits _ _ _ chosen) as [yes _], (fits _ _ _ rejected) as [_ no]. congruence.
  - intros apart.
    pose (eqb := fun a b : list V => if list_eq_dec same a b then true else false).
    assert (eqb_true : forall a b, eqb a b = true <-> a = b).
    { intros a b; unfold eqb; destruct (list_eq_dec same a b); split; congruence. }
    exists (fun x y => existsb (fun d => eqb (fst d) x && eqb (fst (snd d)) y) D).
    intros x w l here; split.
    + apply existsb_exists; exists (x, (w, l)); split; [assumption | simpl].
      apply andb_true_intro; split; now apply eqb_true.
    + apply not_true_iff_false; intros found. apply existsb_exists in found.
      destruct found as [[x' [w' l']] [there both]]; simpl in both.
      apply andb_prop in both; destruct both as [ex ey].
      apply eqb_true in ex; apply eqb_true in ey; subst. exact (apart _ _ _ _ there here).
Qed.

(** * What follows is proof: nothing below changes what a certificate says *)

(** ** Laws of sums *)

Lemma sum_t_ext n f g : (forall t, (t < n)%nat -> f t = g t) -> sum_t n f = sum_t n g.
Proof.
  induction n as [|n IH]; simpl; intros H; [reflexivity|].
  rewrite IH, H by (intros; apply H; lia) || lia. reflexivity.
Qed.

Lemma sum_t_add n f g : sum_t n (fun t => f t + g t) = sum_t n f + sum_t n g.
Proof. induction n as [|n IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma sum_t_scale n k f : sum_t n (fun t => k * f t) = k * sum_t n f.
Proof. induction n as [|n IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma sum_t_constant n k : sum_t n (fun _ => k) = INR n * k.
Proof.
  induction n as [|n IH]; [simpl; ring|].
  change (sum_t n (fun _ => k) + k = INR (S n) * k). rewrite IH, S_INR; ring.
Qed.

Lemma prod_t_positive n f : (forall t, (t < n)%nat -> 0 < f t) -> 0 < prod_t n f.
Proof.
  induction n as [|n IH]; simpl; intros H; [lra|].
  apply Rmult_lt_0_compat; [apply IH; intros |]; apply H; lia.
Qed.

Lemma ln_prod_t n f :
  (forall t, (t < n)%nat -> 0 < f t) -> ln (prod_t n f) = sum_t n (fun t => ln (f t)).
Proof.
  induction n as [|n IH]; simpl; intros H; [apply ln_1|].
  rewrite ln_mult; [| apply prod_t_positive; intros |]; try (apply H; lia).
  rewrite IH; [reflexivity |]. intros; apply H; lia.
Qed.

Lemma sum_over_ext {A} (elements : list A) f g :
  (forall a, In a elements -> f a = g a) -> sum_over elements f = sum_over elements g.
Proof.
  induction elements as [|a rest IH]; simpl; intros H; [reflexivity|].
  rewrite (H a) by now left. rewrite IH; [reflexivity|]. intros; apply H; now right.
Qed.

(** ** Positivity *)

Lemma tok_positive {V : vocab} (m : policy V) x y t : 0 < tok m x y t.
Proof. apply next_positive. Qed.

Lemma seq_positive {V : vocab} (m : policy V) x y : 0 < seq m x y.
Proof. apply prod_t_positive; intros; apply tok_positive. Qed.

Lemma len_positive {V : vocab} (y : list V) : (1 <= length y)%nat -> 0 < len y.
Proof. intros H. apply lt_0_INR. lia. Qed.

Lemma max_positive_left a b : 0 < a -> 0 < Rmax a b.
Proof. intros H. pose proof (Rmax_l a b). lra. Qed.

Lemma max_positive_right a b : 0 < b -> 0 < Rmax a b.
Proof. intros H. pose proof (Rmax_r a b). lra. Qed.

Lemma divide_positive a b : 0 < a -> 0 < b -> 0 < a / b.
Proof. intros; now apply Rdiv_lt_0_compat. Qed.

Lemma Rpower_positive a b : 0 < Rpower a b.
Proof. apply exp_pos. Qed.

(** Positive by its form, or by the domain of a parameter or weight. *)
Ltac positive :=
  cbv beta;
  lazymatch goal with
  | |- 0 < sg ?a => change (sg a) with a; positive
  | |- 0 < _ + _ => first
      [ apply Rplus_lt_0_compat; positive
      | apply Rplus_le_lt_0_compat; [not_negative | positive]
      | apply Rplus_lt_le_0_compat; [positive | not_negative] ]
  | |- 0 < _ * _ => apply Rmult_lt_0_compat; positive
  | |- 0 < _ / _ => apply divide_positive; positive
  | |- 0 < / _ => apply Rinv_0_lt_compat; positive
  | |- 0 < _ ^ _ => apply pow_lt; positive
  | |- 0 < exp _ => apply exp_pos
  | |- 0 < Rpower _ _ => apply Rpower_positive
  | |- 0 < prod_t _ _ => apply prod_t_positive; intros; positive
  | |- 0 < seq _ _ _ => apply seq_positive
  | |- 0 < tok _ _ _ _ => apply tok_positive
  | |- 0 < len _ => apply len_positive; assumption
  | |- 0 < INR (S _) => apply lt_0_INR, Nat.lt_0_succ
  | |- 0 < Rmax _ _ => first [apply max_positive_left; positive | apply max_positive_right; positive]
  | |- 0 < (if ?b then _ else _) => destruct b; positive
  | |- 0 < _ => first
      [ assumption
      | lra
      | match goal with H : forall _, _ |- _ => apply H end ]
  end
with not_negative :=
  cbv beta;
  lazymatch goal with
  | |- 0 <= sg ?a => change (sg a) with a; not_negative
  | |- 0 <= _ + _ => apply Rplus_le_le_0_compat; not_negative
  | |- 0 <= _ * _ => apply Rmult_le_pos; not_negative
  | |- 0 <= _ => first
      [ assumption
      | lra
      | match goal with H : forall _, _ |- _ => apply H end
      | apply Rlt_le; positive ]
  end.

(** ** Denominators *)

(** Not zero: by a hypothesis, by form, or as a product of what is not zero. *)
Lemma not_zero_by a b : a <> 0 -> (b = 0 -> a = 0) -> b <> 0.
Proof. auto. Qed.

Lemma not_zero_positive a : 0 < a -> a <> 0.
Proof. lra. Qed.

Ltac not_zero :=
  cbv beta;
  first
    [ assumption
    | apply not_zero_positive; positive
    | lazymatch goal with
      | |- _ * _ <> 0 => apply Rmult_integral_contrapositive_currified; not_zero
      | |- _ / _ <> 0 => apply Rmult_integral_contrapositive_currified; not_zero
      | |- / _ <> 0 => apply Rinv_neq_0_compat; not_zero
      | |- - _ <> 0 => apply Ropp_neq_0_compat; not_zero
      | |- _ ^ _ <> 0 => apply pow_nonzero; not_zero
      end
    | match goal with H : ?a <> 0 |- _ => apply (not_zero_by _ _ H); intros; lra end
    | match goal with H : forall t, (t < _)%nat -> _ <> 0 |- _ =>
        eapply not_zero_by; [apply H; eassumption | intros; lra] end
    | match goal with A : ?a <> 0, B : ?b <> 0 |- _ =>
        apply (not_zero_by _ _ (Rmult_integral_contrapositive_currified _ _ A B)); intros; nra end
    | apply Rgt_not_eq; nra
    | apply Rlt_not_eq; nra ].

Ltac not_zeros := repeat match goal with |- _ /\ _ => split end; not_zero.
Ltac plain_field := first [reflexivity | ring | field; not_zeros].

(** Exponentials of equal things, differently spelled, become one. *)
Ltac same_exponentials :=
  unfold sg;
  repeat match goal with |- context [exp ?a] =>
    match goal with |- context [exp ?b] =>
      tryif constr_eq a b then fail else replace (exp a) with (exp b) by (f_equal; plain_field)
    end
  end.

(** Powers whose exponent is a whole number, though it does not look so; functions of equal
    things. *)
Lemma power_is p a b : 0 < a -> b = INR p -> Rpower a b = a ^ p.
Proof. intros P ->. now apply Rpower_pow. Qed.
Lemma power_is_inverse p a b : 0 < a -> b = - INR p -> Rpower a b = / a ^ p.
Proof. intros P ->. now rewrite Rpower_Ropp, Rpower_pow. Qed.

Ltac whole_powers :=
  repeat match goal with |- context [Rpower ?a ?b] =>
    first
      [ rewrite (power_is 1 a b) by first [positive | simpl INR; plain_field]
      | rewrite (power_is 2 a b) by first [positive | simpl INR; plain_field]
      | rewrite (power_is 3 a b) by first [positive | simpl INR; plain_field]
      | rewrite (power_is_inverse 1 a b) by first [positive | simpl INR; plain_field]
      | rewrite (power_is_inverse 2 a b) by first [positive | simpl INR; plain_field]
      | rewrite (power_is 0 a b) by first [positive | simpl INR; plain_field] ]
  end.
Ltac same_functions :=
  repeat match goal with
  | |- context [ln ?a] =>
      match goal with |- context [ln ?b] =>
        tryif constr_eq a b then fail else replace (ln a) with (ln b) by (f_equal; plain_field)
      end
  | |- context [Rmax ?a ?b] =>
      match goal with |- context [Rmax ?c ?d] =>
        tryif constr_eq (Rmax a b) (Rmax c d) then fail
        else replace (Rmax a b) with (Rmax c d) by (f_equal; plain_field)
      end
  | |- context [Rpower ?a ?b] =>
      match goal with |- context [Rpower ?c ?d] =>
        tryif constr_eq (Rpower a b) (Rpower c d) then fail
        else replace (Rpower a b) with (Rpower c d) by (f_equal; plain_field)
      end
  end.
Ltac by_field :=
  first
    [ plain_field
    | same_exponentials; plain_field
    | whole_powers; same_functions; same_exponentials; plain_field ].

(** ** Linear forms

    Taking logarithms turns both sides of a certificate into

        c + sum over t < |w| of F(t) + sum over t < |l| of G(t)

    with c free of sums. F and G are kept as lists of summands; an empty list says that the
    expression is a constant, with which any form may be multiplied. *)

Definition summands := list (nat -> R).
Fixpoint total (L : summands) (t : nat) : R :=
  match L with nil => 0 | f :: rest => f t + total rest t end.
Definition scale_by (k : R) (L : summands) : summands := map (fun f t => k * f t) L.
Definition scale_with (g : nat -> R) (L : summands) : summands := map (fun f t => g t * f t) L.

Lemma total_app L M t : total (L ++ M) t = total L t + total M t.
Proof. induction L as [|f L IH]; simpl; [ring | rewrite IH; ring]. Qed.
Lemma total_scale_with g L t : total (scale_with g L) t = g t * total L t.
Proof. induction L as [|f L IH]; simpl; [ring | rewrite IH; ring]. Qed.
Lemma total_scale k L t : total (scale_by k L) t = k * total L t.
Proof. exact (total_scale_with (fun _ => k) L t). Qed.

Lemma sum_t_total_app n L M :
  sum_t n (total (L ++ M)) = sum_t n (total L) + sum_t n (total M).
Proof. rewrite <- sum_t_add. apply sum_t_ext; intros; apply total_app. Qed.
Lemma sum_t_total_scale n k L : sum_t n (total (scale_by k L)) = k * sum_t n (total L).
Proof. rewrite <- sum_t_scale. apply sum_t_ext; intros; apply total_scale. Qed.
Lemma sum_t_total_nil n : sum_t n (total nil) = 0.
Proof. transitivity (sum_t n (fun _ => 0)); [reflexivity | rewrite sum_t_constant; ring]. Qed.

(** *** Inside a sum over tokens: f t = k + total L t *)

Definition body (n : nat) (f : nat -> R) (k : R) (L : summands) : Prop :=
  forall t, (t < n)%nat -> f t = k + total L t.
Definition body_ln (n : nat) (f : nat -> R) (k : R) (L : summands) : Prop :=
  forall t, (t < n)%nat -> 0 < f t /\ ln (f t) = k + total L t.

Section Bodies.
Variable n : nat.
Implicit Types (f g : nat -> R) (k : R) (L M : summands).

Ltac two A B := intros t here; specialize (A t here); specialize (B t here); cbv beta in *.

Lemma body_constant k : body n (fun _ => k) k [].
Proof. intros t _; simpl; ring. Qed.
Lemma body_atom f : body n f 0 [f].
Proof. intros t _; simpl; ring. Qed.
Lemma body_add f g k k' L M :
  body n f k L -> body n g k' M -> body n (fun t => f t + g t) (k + k') (L ++ M).
Proof. intros A B; two A B. rewrite total_app, A, B; ring. Qed.
Lemma body_scale c f k L : body n f k L -> body n (fun t => c * f t) (c * k) (scale_by c L).
Proof. intros A t here. rewrite total_scale, (A t here); ring. Qed.
Lemma body_scale_right c f k L :
  body n f k L -> body n (fun t => f t * c) (c * k) (scale_by c L).
Proof. intros A t here. rewrite total_scale, (A t here); ring. Qed.
Lemma body_mul f g k k' L M :
  body n f k L -> body n g k' M ->
  body n (fun t => f t * g t) (k * k') (scale_by k M ++ scale_with (total L) M ++ scale_by k' L).
Proof.
  intros A B; two A B. rewrite !total_app, total_scale_with, !total_scale, A, B; ring.
Qed.
Lemma body_neg f k L : body n f k L -> body n (fun t => - f t) (- k) (scale_by (- 1) L).
Proof. intros A t here. rewrite total_scale, (A t here); ring. Qed.
Lemma body_sub f g k k' L M :
  body n f k L -> body n g k' M -> body n (fun t => f t - g t) (k - k') (L ++ scale_by (- 1) M).
Proof. intros A B; two A B. rewrite total_app, total_scale, A, B; ring. Qed.
Lemma body_of_ln f k L : body_ln n f k L -> body n (fun t => ln (f t)) k L.
Proof. intros A t here. now destruct (A t here). Qed.

Lemma body_ln_mul f g k k' L M :
  body_ln n f k L -> body_ln n g k' M -> body_ln n (fun t => f t * g t) (k + k') (L ++ M).
Proof.
  intros A B; two A B. destruct A as [P A], B as [Q B]. split; [now apply Rmult_lt_0_compat|].
  rewrite ln_mult, total_app, A, B by assumption; ring.
Qed.
Lemma body_ln_inv f k L :
  body_ln n f k L -> body_ln n (fun t => / f t) (- k) (scale_by (- 1) L).
Proof.
  intros A t here. destruct (A t here) as [P E]. split; [now apply Rinv_0_lt_compat|].
  rewrite ln_Rinv, total_scale, E by assumption; ring.
Qed.
Lemma body_ln_div f g k k' L M :
  body_ln n f k L -> body_ln n g k' M ->
  body_ln n (fun t => f t / g t) (k + - k') (L ++ scale_by (- 1) M).
Proof. intros A B. exact (body_ln_mul _ _ _ _ _ _ A (body_ln_inv _ _ _ B)). Qed.
Lemma body_ln_exp f k L : body n f k L -> body_ln n (fun t => exp (f t)) k L.
Proof. intros A t here. split; [apply exp_pos | rewrite ln_exp; auto]. Qed.
Lemma body_ln_power f g k k' L M :
  body_ln n f k L -> body n g k' M ->
  body_ln n (fun t => Rpower (f t) (g t))
    (k' * k) (scale_by k' L ++ scale_with (total M) L ++ scale_by k M).
Proof.
  intros A B; two A B. destruct A as [_ A]. split; [apply exp_pos|].
  unfold Rpower. rewrite ln_exp, !total_app, total_scale_with, !total_scale, A, B; ring.
Qed.
Lemma ln_pow a p : 0 < a -> ln (a ^ p) = INR p * ln a.
Proof.
  intros P. induction p as [|p IH]; [simpl; rewrite ln_1; ring|].
  change (a ^ S p) with (a * a ^ p).
  rewrite ln_mult, IH, S_INR by (assumption || now apply pow_lt); ring.
Qed.
Lemma body_ln_pow f p q k L : INR p = q ->
  body_ln n f k L -> body_ln n (fun t => f t ^ p) (q * k) (scale_by q L).
Proof.
  intros <- A t here. destruct (A t here) as [P E]. split; [now apply pow_lt|].
  rewrite ln_pow, total_scale, E by assumption; ring.
Qed.
Lemma body_ln_same f g k L : (forall t, g t = f t) -> body_ln n g k L -> body_ln n f k L.
Proof. intros E A t here. rewrite <- E. exact (A t here). Qed.
Lemma body_ln_one : body_ln n (fun _ => 1) 0 [].
Proof. intros t _. split; [lra | rewrite ln_1; simpl; ring]. Qed.
Lemma body_ln_constant k : 0 < k -> body_ln n (fun _ => k) (ln k) [].
Proof. intros P t _. split; [assumption | simpl; ring]. Qed.
Lemma body_ln_atom f :
  (forall t, (t < n)%nat -> 0 < f t) -> body_ln n f 0 [fun t => ln (f t)].
Proof. intros P t here. split; [auto | simpl; ring]. Qed.
End Bodies.

(** A natural exponent as a numeral: INR 2 = 2. *)
Ltac whole :=
  rewrite INR_IZR_INZ;
  match goal with |- context [Z.of_nat ?p] =>
    let z := eval compute in (Z.of_nat p) in change (Z.of_nat p) with z end;
  reflexivity.

Ltac flat :=
  cbv beta iota delta [app map scale_by scale_with total].

Ltac find_body :=
  cbv beta;
  lazymatch goal with
  | |- body ?n (fun t => sg (@?f t)) ?k ?L => change (body n f k L); find_body
  | |- body _ (fun _ => ?k) _ _ => apply body_constant
  | |- body _ (fun t => @?f t + @?g t) _ _ => eapply (body_add _ f g); find_body
  | |- body _ (fun t => @?f t - @?g t) _ _ => eapply (body_sub _ f g); find_body
  | |- body _ (fun t => - @?f t) _ _ => eapply (body_neg _ f); find_body
  | |- body _ (fun t => @?f t * @?g t) _ _ =>
      lazymatch f with
      | (fun _ => ?c) => eapply (body_scale _ c g); find_body
      | _ =>
          lazymatch g with
          | (fun _ => ?c) => eapply (body_scale_right _ c f); find_body
          | _ => eapply (body_mul _ f g); find_body
          end
      end
  | |- body ?n (fun t => @?f t / @?g t) ?k ?L =>
      change (body n (fun t => f t * / g t) k L); find_body
  | |- body _ (fun t => ln (@?f t)) _ _ => eapply (body_of_ln _ f); find_body_ln
  | |- body _ _ _ _ => apply body_atom
  end
with find_body_ln :=
  cbv beta;
  lazymatch goal with
  | |- body_ln ?n (fun t => sg (@?f t)) ?k ?L => change (body_ln n f k L); find_body_ln
  | |- body_ln _ (fun _ => 1) _ _ => apply body_ln_one
  | |- body_ln _ (fun t => @?f t + 0) _ _ =>
      eapply (body_ln_same _ _ f); [intros; cbv beta; ring | find_body_ln]
  | |- body_ln _ (fun t => 0 + @?f t) _ _ =>
      eapply (body_ln_same _ _ f); [intros; cbv beta; ring | find_body_ln]
  | |- body_ln _ (fun t => @?f t * @?g t) _ _ => eapply (body_ln_mul _ f g); find_body_ln
  | |- body_ln _ (fun t => @?f t / @?g t) _ _ => eapply (body_ln_div _ f g); find_body_ln
  | |- body_ln _ (fun t => / @?f t) _ _ => eapply (body_ln_inv _ f); find_body_ln
  | |- body_ln _ (fun t => exp (@?f t)) _ _ => eapply (body_ln_exp _ f); find_body
  | |- body_ln _ (fun t => Rpower (@?f t) (@?g t)) _ _ =>
      eapply (body_ln_power _ f g); [find_body_ln | find_body]
  | |- body_ln _ (fun t => @?f t ^ ?p) _ _ => eapply (body_ln_pow _ f p); [whole | find_body_ln]
  | |- body_ln _ (fun _ => ?k) _ _ => apply body_ln_constant; positive
  | |- body_ln _ _ _ _ => apply body_ln_atom; intros; positive
  end.

(** *** The whole expression *)

Section Forms.
Context {V : vocab} (w l : list V).
Implicit Types (a b c d : R) (F G : summands).

Definition form (a c : R) (F G : summands) : Prop :=
  a = c + sum_t (length w) (total F) + sum_t (length l) (total G).
Definition form_ln (a c : R) (F G : summands) : Prop := 0 < a /\ form (ln a) c F G.

(** Two forms are equal if their constants are, and their summands token by token. *)
Lemma form_equal a b c d F G F' G' :
  form a c F G -> form b d F' G' -> c = d ->
  (forall t, (t < length w)%nat -> total F t = total F' t) ->
  (forall t, (t < length l)%nat -> total G t = total G' t) -> a = b.
Proof.
  unfold form; intros -> -> -> A B.
  now rewrite (sum_t_ext _ _ _ A), (sum_t_ext _ _ _ B).
Qed.

Ltac forms :=
  unfold form in *; subst;
  rewrite ?sum_t_total_app, ?sum_t_total_scale, ?sum_t_total_nil; try ring.

Lemma form_constant c : form c c [] [].
Proof. forms. Qed.
Lemma form_add a b c d F G F' G' :
  form a c F G -> form b d F' G' -> form (a + b) (c + d) (F ++ F') (G ++ G').
Proof. intros A B; forms. Qed.
Lemma form_neg a c F G : form a c F G -> form (- a) (- c) (scale_by (- 1) F) (scale_by (- 1) G).
Proof. intros A; forms. Qed.
Lemma form_sub a b c d F G F' G' :
  form a c F G -> form b d F' G' ->
  form (a - b) (c - d) (F ++ scale_by (- 1) F') (G ++ scale_by (- 1) G').
Proof. intros A B; forms. Qed.
Lemma form_scale a b c d F G :
  form a c [] [] -> form b d F G -> form (a * b) (c * d) (scale_by c F) (scale_by c G).
Proof. intros A B; forms. Qed.
Lemma form_scale_right a b c d F G :
  form a c F G -> form b d [] [] -> form (a * b) (d * c) (scale_by d F) (scale_by d G).
Proof. intros A B; forms. Qed.
Lemma form_inv a c : form a c [] [] -> form (/ a) (/ c) [] [].
Proof. unfold form; rewrite !sum_t_total_nil, !Rplus_0_r. now intros ->. Qed.
Lemma form_power a b p c F G : 0 < a -> b = INR p -> form (a ^ p) c F G -> form (Rpower a b) c F G.
Proof. intros P -> A. now rewrite Rpower_pow. Qed.
Lemma form_power_inverse a b p c F G :
  0 < a -> b = - INR p -> form (/ a ^ p) c F G -> form (Rpower a b) c F G.
Proof. intros P -> A. now rewrite Rpower_Ropp, Rpower_pow. Qed.
Lemma form_of_ln a c F G : form_ln a c F G -> form (ln a) c F G.
Proof. now intros [_ A]. Qed.

Lemma form_sum_chosen f k L :
  body (length w) f k L -> form (sum_t (length w) f) (len w * k) L [].
Proof.
  intros A. unfold form. rewrite sum_t_total_nil, Rplus_0_r. unfold len.
  rewrite <- sum_t_constant, <- sum_t_add. now apply sum_t_ext.
Qed.
Lemma form_sum_rejected f k L :
  body (length l) f k L -> form (sum_t (length l) f) (len l * k) [] L.
Proof.
  intros A. unfold form. rewrite sum_t_total_nil, Rplus_0_r. unfold len.
  rewrite <- sum_t_constant, <- sum_t_add. now apply sum_t_ext.
Qed.

Lemma form_ln_mul a b c d F G F' G' :
  form_ln a c F G -> form_ln b d F' G' -> form_ln (a * b) (c + d) (F ++ F') (G ++ G').
Proof.
  intros [P A] [Q B]. split; [now apply Rmult_lt_0_compat|].
  rewrite ln_mult by assumption. now apply form_add.
Qed.
Lemma form_ln_inv a c F G :
  form_ln a c F G -> form_ln (/ a) (- c) (scale_by (- 1) F) (scale_by (- 1) G).
Proof.
  intros [P A]. split; [now apply Rinv_0_lt_compat|].
  rewrite ln_Rinv by assumption. now apply form_neg.
Qed.
Lemma form_ln_div a b c d F G F' G' :
  form_ln a c F G -> form_ln b d F' G' ->
  form_ln (a / b) (c + - d) (F ++ scale_by (- 1) F') (G ++ scale_by (- 1) G').
Proof. intros A B. exact (form_ln_mul _ _ _ _ _ _ _ _ A (form_ln_inv _ _ _ _ B)). Qed.
Lemma form_ln_exp a c F G : form a c F G -> form_ln (exp a) c F G.
Proof. intros A. split; [apply exp_pos | now rewrite ln_exp]. Qed.
Lemma form_ln_power a b c d F G :
  form_ln a c F G -> form b d [] [] ->
  form_ln (Rpower a b) (d * c) (scale_by d F) (scale_by d G).
Proof.
  intros [P A] B. split; [apply exp_pos|]. unfold Rpower. rewrite ln_exp. now apply form_scale.
Qed.
Lemma form_ln_power_of_constant a b c d F G :
  form_ln a c [] [] -> form b d F G ->
  form_ln (Rpower a b) (c * d) (scale_by c F) (scale_by c G).
Proof.
  intros [P A] B. split; [apply exp_pos|]. unfold Rpower. rewrite ln_exp, Rmult_comm.
  now apply form_scale.
Qed.
Lemma form_ln_pow a p q c F G : INR p = q ->
  form_ln a c F G -> form_ln (a ^ p) (q * c) (scale_by q F) (scale_by q G).
Proof.
  intros <- [P A]. split; [now apply pow_lt|]. rewrite ln_pow by assumption.
  apply form_scale; [apply form_constant | assumption].
Qed.
Lemma form_ln_same a b c F G : b = a -> form_ln b c F G -> form_ln a c F G.
Proof. now intros ->. Qed.
Lemma form_ln_one : form_ln 1 0 [] [].
Proof. split; [lra | rewrite ln_1; apply form_constant]. Qed.
Lemma form_ln_atom a : 0 < a -> form_ln a (ln a) [] [].
Proof. intros P. split; [assumption | apply form_constant]. Qed.

Lemma form_ln_prod_chosen f k L :
  body_ln (length w) f k L -> form_ln (prod_t (length w) f) (len w * k) L [].
Proof.
  intros A. assert (P : forall t, (t < length w)%nat -> 0 < f t) by (intros; now apply A).
  split; [now apply prod_t_positive|]. rewrite ln_prod_t by assumption.
  apply form_sum_chosen. intros t here; now apply A.
Qed.
Lemma form_ln_prod_rejected f k L :
  body_ln (length l) f k L -> form_ln (prod_t (length l) f) (len l * k) [] L.
Proof.
  intros A. assert (P : forall t, (t < length l)%nat -> 0 < f t) by (intros; now apply A).
  split; [now apply prod_t_positive|]. rewrite ln_prod_t by assumption.
  apply form_sum_rejected. intros t here; now apply A.
Qed.
Lemma form_ln_seq_chosen (m : policy V) x :
  form_ln (seq m x w) 0 [fun t => ln (tok m x w t)] [].
Proof.
  pose proof (form_ln_prod_chosen (tok m x w) 0 [fun t => ln (tok m x w t)]) as H.
  rewrite Rmult_0_r in H. apply H, body_ln_atom. intros; apply tok_positive.
Qed.
Lemma form_ln_seq_rejected (m : policy V) x :
  form_ln (seq m x l) 0 [] [fun t => ln (tok m x l t)].
Proof.
  pose proof (form_ln_prod_rejected (tok m x l) 0 [fun t => ln (tok m x l t)]) as H.
  rewrite Rmult_0_r in H. apply H, body_ln_atom. intros; apply tok_positive.
Qed.
End Forms.

(** A real power whose exponent is p or - p, though it does not look so. *)
Ltac whole_power p :=
  first
    [ apply (form_power _ _ _ _ p); [positive | simpl INR; by_field | apply form_constant]
    | apply (form_power_inverse _ _ _ _ p); [positive | simpl INR; by_field | apply form_constant] ].

(** The form of an expression, found by its shape. Where a product has two factors with sums, or a
    function is none that the laws of the logarithm reach, it is kept whole as a constant. *)
Ltac find_form :=
  cbv beta;
  lazymatch goal with
  | |- form ?w ?l (sg ?a) ?c ?F ?G => change (form w l a c F G); find_form
  | |- form _ _ (_ + _) _ _ _ => eapply form_add; find_form
  | |- form _ _ (_ - _) _ _ _ => eapply form_sub; find_form
  | |- form _ _ (- _) _ _ _ => eapply form_neg; find_form
  | |- form _ _ (_ * _) _ _ _ =>
      first
        [ eapply form_scale; [find_constant | find_form]
        | eapply form_scale_right; [find_form | find_constant]
        | apply form_constant ]
  | |- form ?w ?l (?a / ?b) ?c ?F ?G =>
      first
        [ change (form w l (a * / b) c F G);
          eapply form_scale_right; [find_form | eapply form_inv; find_constant]
        | apply form_constant ]
  | |- form _ _ (/ _) _ _ _ =>
      first [eapply form_inv; find_constant | apply form_constant]
  | |- form _ _ (ln _) _ _ _ => eapply form_of_ln; find_form_ln
  | |- form _ _ (Rpower _ ?b) _ _ _ =>
      first [whole_power 1%nat | whole_power 2%nat | whole_power 3%nat | apply form_constant]
  | |- form ?w ?l (sum_t (length ?w) _) _ _ _ => eapply form_sum_chosen; find_body
  | |- form ?w ?l (sum_t (length ?l) _) _ _ _ => eapply form_sum_rejected; find_body
  | |- form _ _ _ _ _ _ => apply form_constant
  end
with find_constant :=
  match goal with |- form ?w ?l ?a ?c _ _ =>
    let F := fresh in let G := fresh in
    evar (F : summands); evar (G : summands);
    let H := fresh in
    assert (H : form w l a c F G) by (subst F G; find_form);
    let nF := eval cbv delta [F] in F in let nG := eval cbv delta [G] in G in
    let rF := eval cbv beta iota delta [app map scale_by] in nF in
    let rG := eval cbv beta iota delta [app map scale_by] in nG in
    lazymatch constr:((rF, rG)) with
    | (@nil _, @nil _) => exact H
    end
  end
with find_form_ln :=
  cbv beta;
  lazymatch goal with
  | |- form_ln ?w ?l (sg ?a) ?c ?F ?G => change (form_ln w l a c F G); find_form_ln
  | |- form_ln _ _ 1 _ _ _ => apply form_ln_one
  | |- form_ln _ _ (?a + 0) _ _ _ => eapply (form_ln_same _ _ _ a); [ring | find_form_ln]
  | |- form_ln _ _ (0 + ?a) _ _ _ => eapply (form_ln_same _ _ _ a); [ring | find_form_ln]
  | |- form_ln _ _ (_ * _) _ _ _ => eapply form_ln_mul; find_form_ln
  | |- form_ln _ _ (_ / _) _ _ _ => eapply form_ln_div; find_form_ln
  | |- form_ln _ _ (/ _) _ _ _ => eapply form_ln_inv; find_form_ln
  | |- form_ln _ _ (exp _) _ _ _ => eapply form_ln_exp; find_form
  | |- form_ln _ _ (Rpower _ _) _ _ _ =>
      first
        [ eapply form_ln_power; [find_form_ln | find_constant]
        | apply form_ln_atom; positive ]
  | |- form_ln _ _ (_ ^ _) _ _ _ => eapply form_ln_pow; [whole | find_form_ln]
  | |- form_ln ?w ?l (prod_t (length ?w) _) _ _ _ => eapply form_ln_prod_chosen; find_body_ln
  | |- form_ln ?w ?l (prod_t (length ?l) _) _ _ _ => eapply form_ln_prod_rejected; find_body_ln
  | |- form_ln ?w ?l (seq _ _ ?w) _ _ _ => apply form_ln_seq_chosen
  | |- form_ln ?w ?l (seq _ _ ?l) _ _ _ => apply form_ln_seq_rejected
  | |- form_ln _ _ _ _ _ _ => apply form_ln_atom; positive
  end.

Lemma mean_ext {V : vocab} loss f g (D : data V) :
  (forall x w l, In (x, (w, l)) D -> f x w l = g x w l) -> mean loss f D = mean loss g D.
Proof.
  intros H. unfold mean. f_equal. apply sum_over_ext.
  intros [x [w l]] here. simpl. now rewrite (H x w l here).
Qed.

Lemma mean_equal {V : vocab} loss loss' f g (D : data V) :
  (forall x w l, In (x, (w, l)) D -> loss (f x w l) = loss' (g x w l)) ->
  mean loss f D = mean loss' g D.
Proof.
  intros H. unfold mean. f_equal. apply sum_over_ext.
  intros [x [w l]] here. simpl. exact (H x w l here).
Qed.

(** The log-sigmoid loss without its fraction, and what has one. *)
Lemma loss_logsigmoid_sum a : loss_logsigmoid a = ln (1 + exp (- a)).
Proof.
  unfold loss_logsigmoid, sigmoid. pose proof (exp_pos (- a)). rewrite ln_Rinv by lra. ring.
Qed.
Lemma ln_opposite a b : 0 < b -> a = / b -> ln a = - ln b.
Proof. intros P ->. now apply ln_Rinv. Qed.

(** ** The procedure

    For one pair: what holds of every pair is put at this one, labels are put in, both sides are
    brought into linear form, and constants and summands are compared in the field of reals. *)
Ltac at_pair here :=
  repeat match goal with
  | H : every _ _ |- _ => generalize (H _ _ _ here); clear H; cbv beta; intros H
  | H : labels _ _ |- _ => destruct (H _ _ _ here); clear H
  end;
  repeat match goal with
  | H : ?label ?x ?y = _ |- context [?label ?x ?y] => rewrite H
  end;
  cbv beta iota.

Ltac split_labels :=
  repeat match goal with
  | |- context [if ?b then _ else _] => destruct b
  | |- context [?f ?b ?x ?y ?t] => match type of b with bool => is_var f; destruct b end
  end.

Ltac equal_at w l :=
  eapply (form_equal w l); [find_form | find_form | | intros t ? | intros t ?];
  flat; by_field.

(** Maxima of positive numbers by their logarithms, and by each other:
    max(a, b) = b + max(a - b, 0). *)
Lemma max_as_exp a b : 0 < a -> 0 < b -> Rmax a b = exp (Rmax (ln a) (ln b)).
Proof.
  intros P Q. destruct (Rle_dec a b) as [L | L].
  - assert (ln a <= ln b) by
      (destruct L as [L | ->]; [left; now apply ln_increasing | right; reflexivity]).
    rewrite !Rmax_right, exp_ln; trivial.
  - assert (ln b <= ln a) by (left; apply ln_increasing; lra).
    rewrite !Rmax_left, exp_ln by lra; trivial.
Qed.
Lemma max_shift a b c d : a - b = c - d -> Rmax a b = Rmax c d + (b - d).
Proof. intros E. unfold Rmax. destruct (Rle_dec a b), (Rle_dec c d); lra. Qed.
Lemma max_swap a b c d : a - b = d - c -> Rmax a b = Rmax c d + (b - c).
Proof. intros E. unfold Rmax. destruct (Rle_dec a b), (Rle_dec c d); lra. Qed.

Ltac maxima w l :=
  repeat match goal with |- context [Rmax ?a ?b] =>
    lazymatch a with ln _ => fail | _ => rewrite (max_as_exp a b) by positive end
  end;
  repeat match goal with |- context [Rmax ?a ?b] =>
    match goal with |- context [Rmax ?c ?d] =>
      tryif constr_eq (Rmax a b) (Rmax c d) then fail
      else
        first
          [ rewrite (max_shift a b c d) by equal_at w l
          | rewrite (max_swap a b c d) by equal_at w l ]
    end
  end.

Ltac equal_here w l :=
  first
    [ equal_at w l
    | split_labels; equal_at w l
    | lazymatch goal with |- context [Rmax _ _] => maxima w l; equal_at w l end ].

(** Lines of a derivation, at every pair of the data. *)
Ltac midpo_lines :=
  let here := fresh "here" in intros; intros x w l here; at_pair here;
  repeat match goal with |- _ /\ _ => split end; equal_here w l.

Ltac midpo :=
  intros;
  match goal with D : data _ |- _ => unfold mi_dpo; apply mean_ext end;
  let here := fresh "here" in intros x w l here; unfold mi_argument; cbv beta; at_pair here;
  first
    [ equal_here w l
    | fail 1 "midpo: the two sides are not found equal" ].

(** Under another link than the log-sigmoid the losses are equal, not what goes into the links.
    Sums of positive terms are compared term by term, each by its logarithm. *)
Ltac same_value w l :=
  first
    [ reflexivity
    | apply ln_inv; [positive | positive | equal_at w l]
    | apply (f_equal2 Rplus); same_value w l
    | rewrite Rplus_comm; apply (f_equal2 Rplus); same_value w l ].

Ltac same_sums w l :=
  lazymatch goal with |- ln ?s = _ =>
    repeat match goal with |- _ = ?r =>
      match r with context [?a + ?b] =>
        tryif constr_eq s (a + b) then fail else replace (a + b) with s by same_value w l
      end
    end
  end.

Ltac same_powers w l :=
  repeat match goal with |- context [exp ?a] =>
    match goal with |- context [exp ?b] =>
      tryif constr_eq a b then fail else replace (exp a) with (exp b) by (f_equal; equal_at w l)
    end
  end.

(** A sigmoid as the share of one term in a sum of two: 1 + b / a = (a + b) / a. *)
Ltac same_share w l :=
  lazymatch goal with |- ln ?s = ?r =>
    match r with context [?a + ?b] =>
      first
        [ replace s with ((a + b) / a) by
            (transitivity (1 + b / a); [field; not_zero | symmetry; same_value w l])
        | replace s with ((a + b) / b) by
            (transitivity (1 + a / b); [field; not_zero | symmetry; same_value w l]) ]
    end
  end.

Ltac losses_here w l :=
  first
    [ same_sums w l; equal_at w l
    | same_share w l; equal_at w l
    | same_powers w l; first [equal_at w l | apply ln_opposite; [positive | by_field]] ].

Ltac midpo_losses :=
  intros;
  match goal with D : data _ |- _ => unfold mi_dpo; apply mean_equal end;
  let here := fresh "here" in intros x w l here; unfold mi_argument; rewrite loss_logsigmoid_sum;
  unfold loss_identity, loss_hinge, loss_square, loss_sigmoid, sigmoid; cbv beta; at_pair here;
  first
    [ losses_here w l
    | fail 1 "midpo: the two sides are not found equal" ].
