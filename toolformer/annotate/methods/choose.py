"""Which method a run annotates by, and what follows from it where the settings leave it open."""

from toolformer.annotate.config import AnnotateConfig
from toolformer.errors import ConfigError
from toolformer.sidecar import PromptStyle, Sidecar

_PAPER, _IN_CONTEXT = 1.0, 0.7  # temperatures


def choose_style(
    config: AnnotateConfig, sidecar: Sidecar | None, *, has_demonstrations: bool = False
) -> PromptStyle:
    """Returns how a model is asked; demonstrations are the method in context.

    Args:
        config: the run's settings.
        sidecar: how the model was taught to be asked; None when it was not.
        has_demonstrations: whether the caller brings texts to show.

    Raises:
        ConfigError: method and prompt style do not go together.
    """
    in_context = PromptStyle.DEMONSTRATIONS
    style, method = config.prompt_style, config.method
    set_in_context = [
        name
        for name in ("exemplars", "nearest", "rounds")
        if getattr(config, name) != AnnotateConfig.model_fields[name].default
    ] + ["demonstrations"] * has_demonstrations
    if style is None and method is None:
        # Whoever names exemplars wants them shown, whatever the model was taught.
        by_model = in_context if sidecar is None else sidecar.prompt_style
        style = in_context if set_in_context else by_model
    elif style is None and method == "in-context":
        style = in_context
    elif style is None:
        style = PromptStyle.FEW_SHOT if sidecar is None else sidecar.prompt_style
        style = PromptStyle.FEW_SHOT if style is in_context else style
    elif method is not None and (style is in_context) is not (method == "in-context"):
        raise ConfigError(
            f"The method {method} does not ask by the prompt style {style.value}: leave out one of "
            "the two."
        )
    if style is not in_context:
        if set_in_context:
            raise ConfigError(
                f"The setting {set_in_context[0]} is for annotating in context, and this run asks "
                f"in the paper's way ({style.value}): leave out one of the two."
            )
    elif config.loss_context == "inline":
        raise ConfigError(
            "loss_context is for the paper's way: in context a call is scored at its place."
        )
    return style


def choose_temperature(config: AnnotateConfig, style: PromptStyle) -> float:
    """Returns the temperature at which arguments are sampled."""
    if config.temperature is not None:
        return config.temperature
    return _IN_CONTEXT if style is PromptStyle.DEMONSTRATIONS else _PAPER
