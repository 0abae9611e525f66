"""The published values that ours stand beside: 10 seeds, 100,000 steps each."""

from toolformer.studies.in_tool.data.questions import Mode

RECALL = 0.95  # what a model has to reach to count as one that knows its facts

# Fewest parameters for this recall, by mode and number of facts.
FEWEST_PARAMETERS = {
    (Mode.WEIGHT, 1_024): 27_166,
    (Mode.TOOL, 1_024): 27_939,
    (Mode.WEIGHT, 32_768): 220_626,
    (Mode.TOOL, 32_768): 22_061,
}
PARAMETERS_A_FACT = 8.14
CROSSING = 1_024  # facts, about
# Recall of people out of distribution, by the tool.
STRANGERS = "≈ 0 at 256 people; 0.8 to 1 from 512 people at width 56 and more"
TOTAL_VARIATION = {Mode.WEIGHT: 0.367, Mode.TOOL: 0.052}  # Smol135M after 10,000 facts
