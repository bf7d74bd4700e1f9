"""Faults planted in the generator of torch losses: in its plan, its printer, its templates.

Each is a replacement in the source of one module, or of the template. What is generated with it is
another file, whose code is wrong.
"""

import importlib
import importlib.machinery
import importlib.util
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jinja2

import midpo_sym
from midpo_sym.session import Session, remembering

TEMPLATE = "templates/loss.py.jinja"
_FAMILIES = ("midpo_sym.plan", "midpo_sym.targets.torch")  # reloaded, with a fault in one module
_PACKAGE = Path(midpo_sym.__file__).parent


@dataclass(frozen=True)
class Fault:
    """A fault: in which module of the generator, what is replaced by what, and in which loss."""

    module: str
    id: str
    old: str
    new: str

    def __str__(self):
        """Return a name for a test."""
        return f"{self.module.rpartition('/')[2]}: {self.new[:40]!r} in {self.id}"

    @property
    def name(self):
        """Return the full name of the module; "" if it is the template."""
        return "" if self.module == TEMPLATE else f"midpo_sym.{self.module.replace('/', '.')}"

    @property
    def source(self):
        """Return the source with the fault."""
        is_template = self.module == TEMPLATE
        path = f"targets/torch/{TEMPLATE}" if is_template else f"{self.module}.py"
        text = (_PACKAGE / path).read_text(encoding="utf-8")
        assert self.old in text, f"{self.module} has no {self.old!r}"
        return text.replace(self.old, self.new, 1)


def emitted(derivation, fault=None):
    """Return the file of a loss, as the generator prints it with a fault; nothing of it is run."""
    with remembering(Session()):
        result = midpo_sym.prove(derivation.id)
        with _planted(fault) as modules:
            plan = modules["files"].planned(result)
            return modules["target"].TorchTarget("not run").print(plan)


@contextmanager
def _planted(fault):
    """Import the generator anew, with a fault in one of its modules, and put the old one back."""
    kept = {name: each for name, each in sys.modules.items() if name.startswith(_FAMILIES)}
    parents = {name: sys.modules[name.rpartition(".")[0]] for name in _FAMILIES}
    for name in kept:
        del sys.modules[name]
    finder = _Finder(fault)
    sys.meta_path.insert(0, finder)
    try:
        names = ("files", "target")
        modules = {
            each: importlib.import_module(f"midpo_sym.targets.torch.{each}") for each in names
        }
        if fault is not None and not fault.name:
            loader = jinja2.DictLoader({"loss.py.jinja": fault.source})
            environment = modules["target"].environment().overlay(loader=loader)
            modules["target"].environment = lambda: environment
        yield modules
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.startswith(_FAMILIES)]:
            del sys.modules[name]
        sys.modules.update(kept)
        for name, parent in parents.items():
            setattr(parent, name.rpartition(".")[2], kept[name])


class _Finder:
    """Finds the one module that has a fault."""

    def __init__(self, fault):
        self.fault = fault

    def find_spec(self, fullname, path=None, target=None):
        del target
        if self.fault is None or fullname != self.fault.name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        spec.loader = _Loader(fullname, spec.origin, self.fault.source)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module of another source than its file's."""

    def __init__(self, name, path, source):
        super().__init__(name, path)
        self.text = source

    def get_code(self, fullname):
        return compile(self.text, self.get_filename(fullname), "exec")


PRINTER, LOWER, TERMS = "targets/torch/printer", "plan/lower", "plan/terms"
LINKS, STATISTICS, FILE = "targets/torch/links", "targets/torch/statistics", "targets/torch/file"
FAULTS = [
    # how operations are printed
    Fault(PRINTER, "dpo", "'+' if sign > 0 else '-'", "'+'"),
    Fault(PRINTER, "dpo", '" * ".join(texts)', '" / ".join(texts)'),
    Fault(PRINTER, "simpo", ".at(TERM)} / {self", ".at(TERM)} * {self"),
    Fault(PRINTER, "sparsepo", 'f"({self.text})" if self.level < level else self.text',
          "self.text"),
    Fault(PRINTER, "tis_dpo", ".at(ATOM)}.sum(-1)", ".at(ATOM)}.mean(-1)"),
    Fault(PRINTER, "tdpo2", ".at(ATOM)}.detach()", ".at(ATOM)}"),
    Fault(PRINTER, "simpo", "Code(str(value))", "Code(str(value + 1))"),
    Fault(PRINTER, "centropy", "self.names.declared[name]", "[*self.names.declared.values()][0]"),
    Fault(PRINTER, "tdpo2", "for each in rest)]", "for each in rest[1:])]"),
    # how trees become operations
    Fault(LOWER, "dpo", "return negated(self.terms(body))", "return self.terms(body)"),
    Fault(LOWER, "simpo", "Div(self.value(numerator), self.value(denominator))",
          "Div(self.value(denominator), self.value(numerator))"),
    Fault(LOWER, "dpo", "*negated(self.log_terms(denominator))", "*self.log_terms(denominator)"),
    Fault(LOWER, "simpo", "self.logarithm(model, response))]", 'self.logarithm(model, "w"))]'),
    Fault(LOWER, "r_dpo", "self.logarithm(model, response))]", 'self.logarithm("pi", response))]'),
    Fault(LOWER, "simpo", "Statistic(Kind.LENGTH, (), response", 'Statistic(Kind.LENGTH, (), "w"'),
    Fault(LOWER, "tdpo", "Kind.VOCABULARY, (name,), response", 'Kind.VOCABULARY, (name,), "l"'),
    Fault(LOWER, "tis_dpo", "Kind.WEIGHT, (name,), response", 'Kind.WEIGHT, (name,), "w"'),
    Fault(LOWER, "tdpo2", "return _detached(self.value(body))", "return self.value(body)"),
    Fault(TERMS, "r_dpo", "[(-sign, each) for sign", "[(sign, each) for sign"),
    Fault(TERMS, "dpo", "result.insert(place, (sign, ratio))",
          "result.insert(place, (-sign, ratio))"),
    Fault(TERMS, "dpo", "for of in ((POLICY,), ratio.of)", "for of in (ratio.of, (POLICY,))"),
    Fault("plan/sums", "tis_dpo", "return not _is_plain(body)", "return False"),
    Fault("plan/losses", "dpo", "argument, chosen, rejected = map(",
          "argument, rejected, chosen = map("),
    # links
    Fault(LINKS, "dpo", '"-logsigmoid(argument)"', '"logsigmoid(argument)"'),
    Fault(LINKS, "dpo", '"-logsigmoid(argument)"', '"-logsigmoid(-argument)"'),
    Fault(LINKS, "r_dpo", '"-logsigmoid(argument)"', '"-logsigmoid(argument.detach())"'),
    # where statistics come from
    Fault(STATISTICS, "dpo", """'given["{policy}"] - given["{frozen}"]'""",
          """'given["{policy}"] + given["{frozen}"]'"""),
    Fault(STATISTICS, "dpo", """{total}("logratios")'""", """{total}("logps")'"""),
    Fault(STATISTICS, "dpo", 'LABELS[each.response or "w"]', 'LABELS["w"]'),
    Fault(STATISTICS, "tis_dpo", '"of" if self.by_token else "total"', '"total"'),
    Fault(STATISTICS, "dice", '.of("{each.of[0]}_logps")', '.of("ref_logps")'),
    Fault(STATISTICS, "dice", 'f"({measured}).sum(-1)"', 'f"({measured}).mean(-1)"'),
    Fault(STATISTICS, "simpo", 'f"{label}.{self.names.stem(each)}"',
          'f"chosen.{self.names.stem(each)}"'),
    # the file
    Fault(FILE, "dpo", "zip(FORMULAS, self.plan.formulas,",
          "zip(FORMULAS, self.plan.formulas[::-1],"),
    Fault(FILE, "dpo", "return decimal if exact", 'return "0.3" if exact'),
    Fault(TEMPLATE, "dpo", "{{ each.name }}=self.{{ each.name }}",
          "{{ each.name }}=2 * self.{{ each.name }}"),
    Fault(TEMPLATE, "dpo", "={{ each.given }}", "=({{ each.given }}).detach()"),
    Fault(TEMPLATE, "dpo", "return argument, chosen_rewards.detach(), rejected_rewards.detach()",
          "return argument, rejected_rewards.detach(), chosen_rewards.detach()"),
    Fault(TEMPLATE, "simpo", "return argument, chosen_", "return argument.detach(), chosen_"),
    Fault(TEMPLATE, "dpo", "return {{ link.code }}, chosen",
          "return 2 * ({{ link.code }}), chosen"),
    Fault(TEMPLATE, "dpo", "self.{{ each.name }} = check", "self.{{ each.name }} = 2 * check"),
]  # fmt: skip
