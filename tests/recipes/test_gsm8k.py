from recipes.gsm8k import Mark, read_solution


def test_marks_are_taken_out_and_keep_their_places() -> None:
    solution = read_solution("He has 3*2 = $<<3*2=6>>6.\nSo 6+1=<<6+1=7>>7 left.\n#### 7")
    assert solution.text == "He has 3*2 = $6.\nSo 6+1=7 left."
    assert solution.marks == (Mark(14, "3*2", "6"), Mark(24, "6+1", "7"))
    assert [solution.text[mark.offset :][:1] for mark in solution.marks] == ["6", "7"]


def test_a_mark_with_an_equation_inside_is_split_at_its_first_equals_sign() -> None:
    assert read_solution("x = <<.01*150=1.5>>1.5").marks == (Mark(4, ".01*150", "1.5"),)


def test_an_answer_without_marks_is_left_as_it_is() -> None:
    assert read_solution("Plain 1 < 2 << 3.").text == "Plain 1 < 2 << 3."
