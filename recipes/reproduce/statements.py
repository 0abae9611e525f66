"""Dated and computed sentences to annotate: the kinds of the evaluation, in other wordings.

No calls are written here: the texts say what a calendar or a calculator could have told, and the
model has to find out where.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from toolformer.evaluate.tasks.arithmetic import draw_sum
from toolformer.evaluate.tasks.dates import draw_date_question

# `{answer}` is the answer's place; every wording is a whole sentence.
DATES: Mapping[str, Sequence[str]] = {
    "today": (
        "Today is {answer}.",
        "This letter was written on {answer}.",
        "Which day is it now? Now it is {answer}.",
        "Good morning from the studio, it is {answer}.",
        "Printed at the town hall on {answer}.",
        "Minutes of the meeting held today, {answer}.",
        "What is the date today? It is {answer}.",
        "The front page of this morning's newspaper says {answer}.",
        "The calendar on the wall was turned to today's page, which shows {answer}.",
        "It is {answer} as we go to press.",
        "Date of this notice: {answer}.",
    ),
    "weekday": (
        "Which weekday was {date}? That was a {answer}.",
        "{date} was a {answer}.",
        "He was born on {date}, a {answer}.",
        "The wedding took place on {date}, which was a {answer}.",
        "We looked up {date}: a {answer}.",
        "The first game was played on {date}. That day was a {answer}.",
        "What day of the week was {date}? It was a {answer}.",
        "An old diary shows that {date} was a {answer}.",
        "On which day of the week did {date} fall? It fell on a {answer}.",
        "In the year of the flood {date} fell on a {answer}.",
        "The shop opened on {date}; it was a {answer}.",
    ),
    "after": (
        "Which date comes {span} after {date}? That is {answer}.",
        "{span} after {date} is {answer}.",
        "The contract of {date} runs for {span}, until {answer}.",
        "The seeds were sown on {date} and came up {span} later, on {answer}.",
        "He left the city on {date} and returned after {span}, on {answer}.",
        "The bill is dated {date}. It must be settled within {span}, that is by {answer}.",
        "What is the date {span} after {date}? It is {answer}.",
        "The parcel was sent on {date} and took {span}, so it came on {answer}.",
        "The rent was paid on {date} and is due again {span} later, on {answer}.",
        "She arrived on {date} and left {span} later, on {answer}.",
        "Counting {span} on from {date} we get {answer}.",
    ),
    "before": (
        "Which date comes {span} before {date}? That is {answer}.",
        "{span} before {date} was {answer}.",
        "The concert is on {date}. Tickets were sold {span} before that, from {answer}.",
        "They married on {date}, having met {span} earlier, on {answer}.",
        "The work ended on {date} after {span}, so it began on {answer}.",
        "The fee must be sent {span} before {date}, by {answer}.",
        "She had left {span} before {date}, on {answer}.",
        "What was the date {span} before {date}? It was {answer}.",
        "The bridge was closed {span} before {date}, which means on {answer}.",
        "The ship reached the port on {date}, {span} after it had set out, on {answer}.",
        "He died on {date}. He had retired {span} earlier, on {answer}.",
        "Going back {span} from {date} we get {answer}.",
    ),
    "ahead": (
        "Which date comes {span} from now? That is {answer}.",
        "In {span} it will be {answer}.",
        "The train leaves in {span}, on {answer}.",
        "{span} from today is {answer}.",
        "Our shop opens again in {span}, that is on {answer}.",
        "The offer ends {span} from now, on {answer}.",
        "What will the date be in {span}? It will be {answer}.",
        "The exhibition closes in {span}, so its last day is {answer}.",
        "If we count {span} from today, we come to {answer}.",
        "Her birthday is in {span}, on {answer}.",
    ),
    "ago": (
        "Which date was {span} before today? That was {answer}.",
        "{span} ago it was {answer}.",
        "The letter came {span} ago, on {answer}.",
        "He moved to the village {span} ago, on {answer}.",
        "This house was sold {span} ago, that is on {answer}.",
        "What was the date {span} ago? It was {answer}.",
        "She last saw the doctor {span} ago, which was on {answer}.",
        "The snow began to fall {span} ago, on {answer}.",
        "We met {span} ago, on {answer}.",
    ),
    "between": (
        "How long is it from {date} to {later}? It is {answer} days.",
        "From {date} to {later} there are {answer} days.",
        "He was away from {date} until {later}, that is {answer} days.",
        "The siege began on {date} and ended on {later}. It lasted {answer} days.",
        "Between {date} and {later} lie {answer} days.",
        "How many days are there between {date} and {later}? There are {answer} days.",
        "The roof was under repair from {date} to {later}, that is for {answer} days.",
        "The museum was closed from {date} until {later}: {answer} days.",
        "The voyage from {date} to {later} took {answer} days.",
        "From {date} to {later} he counted {answer} days.",
    ),
}

SUMS: Mapping[str, Sequence[str]] = {
    "plus": (
        "How much is {a} plus {b}? The answer is {answer}.",
        "The sum of {a} and {b} is {answer}.",
        "{a} and {b} make {answer}.",
        "{a} plus {b} equals {answer}.",
        "The total of {a} and {b} is {answer}.",
        "Put {a} and {b} together: {answer}.",
        "He paid {a} + {b} = {answer} dollars.",
        "In all there were {a} + {b} = {answer} visitors.",
        "Mia has {a} apples and gets {b} more, for a total of {answer}.",
        "There were {a} men and {b} women, a total of {answer} people.",
        "What is {a} plus {b}? It is {answer}.",
        "Adding {a} and {b} gives {answer}.",
        "The first shelf holds {a} books and the second {b}. Together they hold {answer}.",
        "{a} added to {b} is {answer}.",
        "The sum {a} + {b} is equal to {answer}.",
        "{b} more than {a} is {answer}.",
        "{a} increased by {b} equals {answer}.",
        "The total {a} + {b} is {answer}.",
        "{a} cars came on Monday and {b} on Friday, a total of {answer} cars.",
        "Add {a} and {b}: {answer}.",
        "Counting {a} on the left and {b} on the right makes a total of {answer}.",
        "We read that {a} plus {b} makes {answer}.",
        "The men paid {a} and {b} dollars; the sum is {answer} dollars.",
    ),
    "minus": (
        "How much is {a} minus {b}? The answer is {answer}.",
        "{a} minus {b} equals {answer}.",
        "{a} minus {b} leaves {answer}.",
        "The difference between {a} and {b} is {answer}.",
        "If we subtract {b} from {a}, we get {answer}.",
        "She kept {a} - {b} = {answer} coins.",
        "From {a}, {b} are gone, which leaves {answer}.",
        "There were {a} birds and {b} flew off, which leaves {answer}.",
        "The number left is {a} - {b} = {answer}.",
        "The farmer had {a} sheep and sold {b}, so he kept {answer}.",
        "What is {a} minus {b}? It is {answer}.",
        "Taking {b} away from {a} leaves {answer}.",
        "Of the {a} seats in the hall {b} were taken, so the number of free seats was {answer}.",
        "{a} without {b} is {answer}.",
        "He had {a} dollars and paid {b}, which leaves {answer}.",
        "{a} take away {b} is {answer}.",
        "{b} less than {a} is {answer}.",
        "Subtracting {b} from {a} leaves {answer}.",
        "{a} decreased by {b} equals {answer}.",
        "Of {a} eggs {b} broke, which leaves {answer} eggs.",
        "The difference {a} - {b} is equal to {answer}.",
        "She owed {a} dollars and returned {b}, which leaves {answer} dollars.",
        "We read that {a} minus {b} makes {answer}.",
        "The jar lost {b} of its {a} beans; that leaves {answer} beans.",
    ),
    "times": (
        "How much is {a} times {b}? The answer is {answer}.",
        "The product of {a} and {b} is {answer}.",
        "{a} multiplied by {b} equals {answer}.",
        "{a} times {b} is {answer}.",
        "The cost is {a} * {b} = {answer} dollars.",
        "{a} tickets at ${b} each cost ${answer}.",
        "Altogether that is {a} x {b} = {answer} miles.",
        "{a} rows of {b} trees make {answer} trees.",
        "Each of the {b} boxes holds {a} nails, which makes {answer} nails.",
        "He drove {a} miles a day for {b} days, in all {answer} miles.",
        "What is {a} times {b}? It is {answer}.",
        "Multiplying {a} by {b} gives {answer}.",
        "The hall has {a} rows of {b} chairs, so the number of chairs is {answer}.",
        "{a} times {b} equals {answer}.",
        "{b} bags at {a} pounds each weigh {answer} pounds.",
        "{b} groups of {a} make {answer}.",
        "{a} * {b} equals {answer}.",
        "The product {a} x {b} is equal to {answer}.",
        "{a} books at ${b} each cost ${answer}.",
        "{b} times {a} is {answer}.",
        "Each of {b} men has {a} coins, which makes {answer} coins.",
        "{b} days at {a} miles a day make {answer} miles.",
        "We read that {a} times {b} makes {answer}.",
        "{a} boxes with {b} pens each make {answer} pens.",
    ),
    "divided": (
        "How much is {a} divided by {b}? The answer is {answer}.",
        "If {a} is divided into {b} parts, each part is {answer}.",
        "{a} divided by {b} equals {answer}.",
        "{a} shared by {b} people is {answer}.",
        "Each got {a} / {b} = {answer} dollars.",
        "The {a} cookies shared by {b} children is {answer} each.",
        "The average is {a} / {b} = {answer}.",
        "Dividing the {a} pages over {b} days is {answer} pages a day.",
        "The {b} heirs shared {a} acres, so each received {answer}.",
        "What is {a} divided by {b}? It is {answer}.",
        "Splitting {a} into {b} equal parts gives parts of {answer}.",
        "The {a} coins were shared equally among {b} sailors, so each of them got {answer}.",
        "{a} divided by {b} is {answer}.",
        "{a} grapes shared by {b} girls is {answer} each.",
        "{a} over {b} equals {answer}.",
        "Divided by {b}, {a} is {answer}.",
        "Shared by {b} men, {a} dollars is {answer} dollars each.",
        "{a} : {b} = {answer}.",
        "The quotient {a} / {b} is equal to {answer}.",
        "{a} miles in {b} hours is {answer} miles an hour.",
        "{a} apples in {b} equal bags is {answer} apples a bag.",
        "We read that {a} divided by {b} makes {answer}.",
        "Each of the {b} boys got {a} / {b} = {answer} marbles.",
    ),
    "percent": (
        "How much is {b} percent of {a}? The answer equals {answer}.",
        "{b}% of {a} equals {answer}.",
        "{b} percent of {a} equals {answer}.",
        "{a} * {b}% = {answer}.",
        "The discount is {b}/100 * {a} = {answer} dollars.",
        "The tax is {b}% of {a}, which is equal to {answer}.",
        "Of the {a} trees {b}% were cut down, for a total of {answer} trees.",
        "What is {b} percent of {a}? It equals {answer}.",
        "A discount of {b}% on a price of {a} equals {answer}.",
        "{b}% of {a} is equal to {answer}.",
        "Of {a} voters {b}% stayed at home, a total of {answer} people.",
        "The fee is {b}/100 * {a} = {answer} dollars.",
        "{b} in a hundred of {a} equals {answer}.",
        "Taking {b}% of {a} equals {answer}.",
        "{a} at {b}% equals {answer}.",
        "{b}% of the {a} dollars is equal to {answer} dollars.",
        "{b} percent of the {a} guests, a total of {answer}, went home.",
        "At {b}/100 * {a} = {answer} dollars the tax was high.",
        "We read that {b}% of {a} is equal to {answer}.",
        "The share of {b} percent of {a} is equal to {answer}.",
    ),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, what kind it is of, and the day it was written if it has one."""

    text: str
    kind: str
    today: date | None = None


def dated(count: int, *, seed: int) -> Iterator[Statement]:
    """Yields sentences about dates, the kinds and wordings in turn.

    >>> next(dated(1, seed=0)).text
    'Today is Monday, May 10, 1976.'
    """
    for number, (kind, wording) in enumerate(_turns(DATES, count)):
        rng = Random(f"reproduce/dated/{seed}/{number}")
        question = draw_date_question(kind, rng)
        text = wording.format(answer=question.answers[0], **question.fields)
        yield Statement(text[0].upper() + text[1:], kind, question.today)


def computed(count: int, *, seed: int) -> Iterator[Statement]:
    """Yields sentences about sums, the kinds and wordings in turn."""
    for number, (kind, wording) in enumerate(_turns(SUMS, count)):
        drawn = draw_sum(kind, Random(f"reproduce/computed/{seed}/{number}"))
        yield Statement(wording.format(a=drawn.a, b=drawn.b, answer=drawn.result), kind)


def _turns(wordings: Mapping[str, Sequence[str]], count: int) -> Iterator[tuple[str, str]]:
    kinds = list(wordings)
    for number in range(count):
        kind, turn = kinds[number % len(kinds)], number // len(kinds)
        yield kind, wordings[kind][turn % len(wordings[kind])]
