"""Which words act together in a method, so that none is silently without effect."""

from collections.abc import Sequence

from evenreg._vocabulary import WORDS, Word
from evenreg.errors import InputError


def check_together(words: Sequence[Word], text: str) -> None:
    """An `InputError` for words that cannot act together, so that none is silently without effect."""
    names = [w.name for w in words]
    roles = [w.role for w in words]
    for role in roles:
        same = [w.name for w in words if w.role == role]
        if len(same) > 1:
            raise InputError(f"method {text!r}: {' and '.join(same)} exclude each other ({role}); keep one.")
    if "vanilla" in names and set(roles) - {"cost", "transform"}:
        raise InputError(
            f"method {text!r}: vanilla means the cost and nothing else; leave it out "
            "(published 'vanilla + lds' is sqinv + lds on ages, inv + lds elsewhere)."
        )
    if "dense" in names and "smoothing" in roles:
        raise InputError(
            f"method {text!r}: dense weighs by a density that is smooth already, lds has no counts to smooth; "
            "leave it out, dense(bandwidth=) smooths more."
        )
    if "resampling" in roles:
        _check_resampling(words, text)
    if "stage" in roles or "head" in roles:
        _check_stages(words, text)
    if "balanced" in roles:
        balanced = names[roles.index("balanced")]
        if "weighting" in roles:
            raise InputError(
                f"method {text!r}: {balanced} already corrects for the label distribution, a weighting "
                "beside it corrects twice; keep one of them."
            )
        if "cost" in roles:
            raise InputError(
                f"method {text!r}: {balanced} is a cost itself (squared error); leave the other one out."
            )
        if "smoothing" in roles and "resampling" not in roles and balanced != "bni":
            raise InputError(
                f"method {text!r}: {balanced} has no binned density for lds to smooth; use bni + lds."
            )
    if "calibration" in roles:
        fds = words[roles.index("calibration")]
        if fds.args["start_smooth"] <= fds.args["start_update"]:
            raise InputError(
                f"method {text!r}: fds smooths what it has observed, expected start_smooth after start_update, "
                f"got {fds.args['start_smooth']} and {fds.args['start_update']}."
            )
        mixing = next((w.name for w in words if w.role == "mixing"), None)
        if mixing is not None and fds.args["statistics"] != "extra_pass":
            raise InputError(
                f"method {text!r}: fds observes no row that {mixing} has blended, and {mixing} blends all; write "
                "fds(statistics=extra_pass), which observes training rows as they are at the end of each epoch."
            )
    if (first := contrast_first(words)) is not None:
        idle = next((n for n in names if n in ("fds", "rrt", "crt")), None)
        if idle is not None:
            raise InputError(
                f"method {text!r}: {first.name}(stage=first) trains the encoder alone and then holds it still, which "
                f"leaves {idle} nothing to do; leave one of them out."
            )
    if "hgb" in names:
        of_features = [
            n for n in names if WORDS[n][0] in ("head", "stage", "calibration", "ranking", "contrast")
        ]
        if of_features:
            raise InputError(
                f"method {text!r}: trees have no features for {of_features[0]} to act on; leave it out."
            )
        if "mixing" in roles:
            raise InputError(
                f"method {text!r}: trees take all rows at once and have no batches for "
                f"{names[roles.index('mixing')]} to blend; leave it out."
            )
        if "balanced" in roles:
            raise InputError(
                f"method {text!r}: hgb takes sample weights, not Balanced MSE; use hgb + sqinv + lds."
            )
        costs = [n for n in names if WORDS[n][0] == "cost"]
        if costs and costs[0] not in ("l1", "mse"):
            raise InputError(
                f"method {text!r}: hgb knows the costs l1 and mse, got {costs[0]}; choose one of them."
            )


def contrast_first(words: Sequence[Word]) -> Word | None:
    """The contrast that is a first stage of its own, if one is."""
    return next((word for word in words if word.args.get("stage") == "first"), None)


def _check_stages(words: Sequence[Word], text: str) -> None:
    """An `InputError` for heads and second stages beside words that would have no effect, or a wrong one."""
    by_role = {word.role: word.name for word in words}
    head, stage = by_role.get("head"), by_role.get("stage")
    if stage == "crt" and head != "cls":
        raise InputError(
            f"method {text!r}: crt re-trains the classifier of a first stage, which is cls; write cls + crt, or rrt "
            "to re-train a regressor."
        )
    if stage == "rrt" and head is not None:
        way_out = "write cls + crt" if head == "cls" else "leave one of them out"
        raise InputError(f"method {text!r}: rrt re-trains a linear regressor, {head} is none; {way_out}.")
    if stage == "crt" and ("weighting" in by_role or "smoothing" in by_role):
        raise InputError(
            f"method {text!r}: crt draws batches that hold every bin alike, a weighting beside it corrects twice; "
            "keep one of them."
        )
    if head is not None and "balanced" in by_role:
        raise InputError(
            f"method {text!r}: {by_role['balanced']} corrects a regression over the whole label range, {head} trains "
            "none; leave one of them out."
        )
    if head == "cls" and "cost" in by_role:
        raise InputError(
            f"method {text!r}: cls is trained by cross-entropy, the cost {by_role['cost']} has no effect; leave it "
            "out."
        )


def _check_resampling(words: Sequence[Word], text: str) -> None:
    """An `InputError` for what a resampled table is corrected twice by, and for arguments without effect."""
    by_role = {word.role: word for word in words}
    sampler = by_role["resampling"]
    twice = by_role.get("weighting") or next((word for word in words if word.name == "crt"), None)
    if twice is not None:
        raise InputError(
            f"method {text!r}: {sampler.name} makes rare rows more and frequent ones fewer, {twice.name} beside it "
            "corrects twice; keep one of them."
        )
    if (group := by_role.get("head")) is not None and group.args.get("target") == "la":
        raise InputError(
            f"method {text!r}: group(target=la) adjusts for how often groups come, {sampler.name} beside it corrects "
            "twice; write group(target=ce), or leave one of them out."
        )
    if (
        "smoothing" in by_role
        and (balanced := by_role.get("balanced")) is not None
        and balanced.name == "bni"
    ):
        raise InputError(
            f"method {text!r}: lds would say what is rare for {sampler.name} and smooth the density of bni at once; "
            f"write {sampler.name}(relevance=density) + bni, or leave lds out."
        )
    if "smoothing" in by_role and sampler.args["relevance"] != "extremes":
        raise InputError(
            f"method {text!r}: lds says by its density what is rare, which leaves "
            f"relevance={sampler.args['relevance']} without effect; keep one of them."
        )
    sized = next((name for name in ("rare", "frequent") if sampler.args.get(name) is not None), None)
    if sized is not None and sampler.args.get("sampling", "balance") != "balance":
        raise InputError(
            f"method {text!r}: {sized}={sampler.args[sized]} says how many rows there will be, which leaves "
            f"sampling={sampler.args['sampling']} without effect; keep one of them."
        )
    if sampler.args.get("keep_originals") and sampler.args["frequent"] is not None:
        raise InputError(
            f"method {text!r}: keep_originals drops no row, which leaves frequent={sampler.args['frequent']} without "
            "effect; keep one of them."
        )


def check_resampled(words: Sequence[Word], text: str) -> None:
    """An `InputError` for words of which a resampled table knows nothing, or where none says how to make it."""
    samplers = [name for name, (role, _) in WORDS.items() if role == "resampling"]
    foreign = next((word for word in words if word.role not in ("resampling", "smoothing")), None)
    if foreign is None and any(word.role == "resampling" for word in words):
        return
    told = "lds alone" if foreign is None else foreign.name
    raise InputError(
        f"method {text!r}: resampling is one of {', '.join(samplers)}, perhaps with lds, which says what is rare, got "
        f"{told}; write 'smogn' or 'smogn + lds', for instance."
    )
