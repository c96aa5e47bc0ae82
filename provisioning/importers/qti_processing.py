"""Recognising the standard response processing, by its address or written out in full.

The processing is followed with symbols instead of responses: an outcome is a constant plus points
that single responses bring by match_correct, map_response or map_response_point.  Where SCORE ends
up as such a sum it is the standard template under whatever spelling; where it does not, nothing is
guessed and a person marks the item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from appliance.domain.scoring import ResponseRule, Template, decimal_of
from provisioning.importers.qti_declarations import Declarations, ResponseDeclaration, plain
from provisioning.importers.qti_tree import Node

TEMPLATE_RESPONSE = "RESPONSE"  # the response that the standard templates are about
_MAPPED = {
    "qti-map-response": Template.MAP_RESPONSE,
    "qti-map-response-point": Template.MAP_RESPONSE_POINT,
}
_CONDITION_BRANCHES = ("qti-response-if", "qti-response-else-if", "qti-response-else")


class NotStandard(Exception):  # noqa: N818 - caught by `read_rules`, with the reason to report
    """Why the processing is not a sum of standard templates."""


class Broken(NotStandard):
    """The processing contradicts the declarations: an error in the file, not a choice."""


@dataclass(frozen=True, slots=True)
class Term:
    """What one response brings.  `points` only for MATCH_CORRECT."""

    template: Template
    points: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sum:
    """A constant plus terms by response id."""

    constant: Decimal
    terms: Mapping[str, Term]


ZERO = Sum(Decimal(0), {})
Outcomes = dict[str, Sum | None]


def read_rules(item: Node, declared: Declarations) -> dict[str, ResponseRule]:
    """Return the rule of each response that is scored by rule; empty where there is no processing.

    Raises NotStandard with a reason, Broken where the file contradicts itself.
    """
    processing = item.first("qti-response-processing")
    if processing is None or declared.is_scored_outside:
        return {}
    template = processing.get("template") or processing.get("template-location")
    if template and not processing.children:
        terms = _of_template(template, declared)
    else:
        terms = _of_statements(processing.children, declared)
    return {name: _rule(declared.responses.get(name), name, term) for name, term in terms.items()}


def _of_template(address: str, declared: Declarations) -> dict[str, Term]:
    name = address.rstrip("/").rsplit("/", 1)[-1].removesuffix(".xml").lower()
    template = {
        "match_correct": Template.MATCH_CORRECT,
        "map_response": Template.MAP_RESPONSE,
        "map_response_point": Template.MAP_RESPONSE_POINT,
        "cc2_match": Template.MATCH_CORRECT,
        "cc2_match_basic": Template.MATCH_CORRECT,
        "cc2_map_response": Template.MAP_RESPONSE,
    }.get(name)
    if template is None:
        raise NotStandard(f"its template is not one of the standard ones ({address[:120]})")
    if TEMPLATE_RESPONSE not in declared.responses:
        raise Broken(f"the template {name} needs a response called {TEMPLATE_RESPONSE}")
    return {TEMPLATE_RESPONSE: Term(template, Decimal(1))}


def _of_statements(statements: Sequence[Node], declared: Declarations) -> dict[str, Term]:
    outcomes: Outcomes = {}
    for name, values in declared.outcomes.items():
        start = decimal_of(values[0]) if values else Decimal(0)
        outcomes[name] = None if start is None else Sum(start, {})
    _Reader(declared).run(statements, outcomes)
    score = outcomes.get("SCORE", ZERO)
    if score is None:
        raise NotStandard("it is none of the standard templates")
    if score.constant != 0:
        raise NotStandard("it gives points without a response")
    return dict(score.terms)


def _rule(declared: ResponseDeclaration | None, name: str, term: Term) -> ResponseRule:
    if declared is None:
        raise Broken(f"it uses a response {name!r} that is not declared")
    _check(declared, term)
    return ResponseRule(
        response_id=name,
        template=term.template,
        base_type=declared.base_type,
        cardinality=declared.cardinality,
        correct=declared.correct,
        match_points=plain(term.points) if term.template is Template.MATCH_CORRECT else "0",
        entries=declared.entries,
        areas=declared.areas,
        default_points=declared.default_points,
        lower_bound=declared.lower_bound,
        upper_bound=declared.upper_bound,
    )


def _check(declared: ResponseDeclaration, term: Term) -> None:
    name = declared.response_id
    if term.template is Template.MATCH_CORRECT:
        if not declared.correct:
            raise Broken(f"it compares {name} with a correct response that is not given")
        if declared.cardinality == "single" and len(declared.correct) > 1:
            raise Broken(f"{name} takes one value but has {len(declared.correct)} correct ones")
        if declared.base_type == "point":
            raise NotStandard(f"it wants the exact point for {name}")
    elif term.template is Template.MAP_RESPONSE and not declared.entries:
        raise Broken(f"it uses a mapping of {name} that is not given")
    elif term.template is Template.MAP_RESPONSE_POINT and not declared.areas:
        raise Broken(f"it uses areas of {name} that are not given")


class _Reader:
    """Follows statements; an outcome it cannot follow becomes None."""

    def __init__(self, declared: Declarations) -> None:
        self._declared = declared

    def run(self, statements: Sequence[Node], outcomes: Outcomes) -> None:
        for node in statements:
            if node.name == "qti-set-outcome-value":
                expression = node.children[0] if node.children else None
                outcomes[node.get("identifier")] = self._sum(expression, outcomes)
            elif node.name == "qti-response-condition":
                branches = [b for b in node.children if b.name in _CONDITION_BRANCHES]
                outcomes.update(self._condition(branches, outcomes))
            else:
                raise NotStandard(f"it uses {node.name.removeprefix('qti-')}")

    def _sum(self, node: Node | None, outcomes: Outcomes) -> Sum | None:
        if node is None:
            return None
        if node.name == "qti-base-value":
            value = decimal_of(node.content())
            return None if value is None else Sum(value, {})
        if node.name == "qti-variable":
            return outcomes.get(node.get("identifier"))
        if node.name in _MAPPED:
            return Sum(Decimal(0), {node.get("identifier"): Term(_MAPPED[node.name])})
        if node.name == "qti-sum":
            return _added([self._sum(child, outcomes) for child in node.children])
        return None

    def _condition(self, branches: Sequence[Node], outcomes: Outcomes) -> Outcomes:
        """Return the outcomes after a chain of if, else-if and else."""
        if not branches:
            return dict(outcomes)
        first, rest = branches[0], branches[1:]
        after = dict(outcomes)
        if first.name == "qti-response-else":
            self.run(first.children, after)
            return after
        test = first.children[0] if first.children else None
        self.run(first.children[1:], after)
        otherwise = self._condition(rest, outcomes)
        return {
            name: self._either(test, after.get(name), otherwise.get(name))
            for name in {**after, **otherwise}
        }

    def _either(self, test: Node | None, then: Sum | None, otherwise: Sum | None) -> Sum | None:
        """Return the one sum that says the same as `then` if the test holds, else `otherwise`."""
        if then is None or otherwise is None:
            return None
        if then == otherwise:
            return then
        negated = test is not None and test.name == "qti-not"
        if negated and test is not None:
            test = test.children[0] if test.children else None
            then, otherwise = otherwise, then
        if test is None:
            return None
        if test.name == "qti-is-null":
            return _unless_null(_named(test, "qti-variable"), then, otherwise)
        if test.name == "qti-match" and not negated:
            return _if_correct(test, then, otherwise)
        return None


def _named(node: Node, name: str) -> str | None:
    found = node.first(name)
    return None if found is None else found.get("identifier")


def _unless_null(response: str | None, then: Sum, otherwise: Sum) -> Sum | None:
    """No response brings nothing under any template, so the general case covers it."""
    only_this = set(otherwise.terms) == {response} and not then.terms
    return otherwise if only_this and then.constant == otherwise.constant else None


def _if_correct(test: Node, then: Sum, otherwise: Sum) -> Sum | None:
    response = _named(test, "qti-variable")
    if response is None or response != _named(test, "qti-correct"):
        return None
    if then.terms != otherwise.terms or response in otherwise.terms:
        return None
    gain = Term(Template.MATCH_CORRECT, then.constant - otherwise.constant)
    return Sum(otherwise.constant, {**otherwise.terms, response: gain})


def _added(parts: Sequence[Sum | None]) -> Sum | None:
    terms: dict[str, Term] = {}
    constant = Decimal(0)
    for part in parts:
        if part is None or terms.keys() & part.terms.keys():
            return None
        terms |= part.terms
        constant += part.constant
    return Sum(constant, terms)
