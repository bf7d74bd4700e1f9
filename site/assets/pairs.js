/* Two losses side by side, and what follows of them from the lattice of special cases. */
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("pairs-data").textContent);
  const form = document.getElementById("pair");
  const shown = document.getElementById("pair-answer");
  const title = (id) => data.losses[id][0];
  const first = (id) => (data.same.find((group) => group.includes(id)) ?? [id])[0];

  /* The shortest ways from a loss down to its special cases, over edges [special, general, at, gradient]. */
  const below = (start, edges) => {
    const ways = new Map([[start, []]]);
    for (const id of ways.keys())
      for (const edge of edges.filter((each) => each[1] === id))
        if (!ways.has(edge[0])) ways.set(edge[0], [...ways.get(id), edge]);
    return ways;
  };
  const path = (way) =>
    way
      .map(([special, , at, gradient]) =>
        `becomes ${title(special)}${at && ` at ${at}`}${gradient ? "" : ", in value but not in gradient"}`,
      )
      .join(", which ");

  /* What is proved of two losses: its kind, and a sentence. */
  const answer = (a, b) => {
    const both = `${title(a)} and ${title(b)}`;
    if (a === b) return ["same", "This is one loss."];
    if (!data.known) return ["unknown", "The lattice is not current, so nothing is said."];
    const alone = [a, b].filter((id) => data.alone.includes(id)).map(title);
    if (alone.length) return ["unknown", `${alone.join(" and ")} ${alone.length > 1 ? "are" : "is"} not compared: a form for every link is no loss yet.`];
    const [one, other] = [first(a), first(b)];
    if (one === other) return ["same", `${both} are the same loss.`];
    const renamed = [[a, one], [b, other]]
      .filter(([id, name]) => id !== name)
      .map(([id, name]) => ` ${title(id)} is the same loss as ${title(name)}.`)
      .join("");
    const sets = [data.edges.filter((edge) => edge[3]), data.edges]; // in value and gradient first
    for (const edges of sets)
      for (const [up, down, general, special] of [[one, other, a, b], [other, one, b, a]]) {
        const way = below(up, edges).get(down);
        if (way)
          return ["special", `${title(special)} is a special case of ${title(general)}: ${title(up)} ${path(way)}.${renamed}`];
      }
    for (const edges of sets) {
      const [ours, theirs] = [below(one, edges), below(other, edges)];
      const common = [...ours.keys()].filter((id) => theirs.has(id));
      const length = (id) => ours.get(id).length + theirs.get(id).length;
      if (!common.length) continue;
      const met = common.reduce((best, id) => (length(id) < length(best) ? id : best));
      return [
        "common",
        `Neither is found to be the other; both have ${title(met)} as a special case. ` +
          `${title(one)} ${path(ours.get(met))}; ${title(other)} ${path(theirs.get(met))}.${renamed}`,
      ];
    }
    return ["none", `Nothing was found that makes ${both} the same.`];
  };
  window.midpoAnswer = answer;

  const show = () => {
    const [a, b] = [form.elements.a.value, form.elements.b.value];
    shown.querySelector(".answer").textContent = answer(a, b)[1];
    shown.querySelector("code").textContent = `midpo diff ${a} ${b}`;
    const heads = shown.querySelectorAll("thead th");
    [a, b].forEach((id, k) => {
      const link = Object.assign(document.createElement("a"), { href: data.losses[id][1], textContent: title(id) });
      heads[k + 1].replaceChildren(link);
    });
    shown.querySelectorAll("tbody tr").forEach((row, k) => {
      const values = [a, b].map((id) => data.losses[id][k + 2]);
      row.classList.toggle("differs", values[0] !== values[1]);
      values.forEach((value, side) => (row.cells[side + 1].innerHTML = value));
    });
  };
  const asked = new URLSearchParams(location.search);
  for (const [name, usual] of [["a", "dpo"], ["b", "simpo"]]) {
    const id = asked.get(name);
    form.elements[name].value = Object.hasOwn(data.losses, id ?? "") ? id : usual;
  }
  form.addEventListener("change", show);
  form.querySelector("[data-swap]").addEventListener("click", () => {
    const { a, b } = form.elements;
    [a.value, b.value] = [b.value, a.value];
    show();
  });
  form.hidden = shown.hidden = false;
  show();
})();
