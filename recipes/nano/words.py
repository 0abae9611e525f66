"""Names and things for nano's generated texts."""

NAMES = tuple(
    "Mia Omar Lena Hugo Priya Tomas Ines Karl Yuki Nora Sam Ada Ben Clara Dev Elsa Finn Gita Hana Ivan Jo Kemal Lucy "
    "Marco Nina Otto Paula Quinn Rosa Sven Tara Uma Victor Wendy Xavier Yara Zane Alice Brian Carmen Dora Emil Fatima "
    "George Helen Ismail Julia Kevin Laura Martin Natasha Oscar Peter Rachel Simon Theresa Ulrich Vera Walter Zoe "
    "James Mary John Linda David Susan Mark Sarah Paul Anna Tom Jane Alex Maria Mike Emma Jack Sophie Ryan Grace".split()
)

NOUNS = tuple(
    "apples books pencils chairs coins letters tickets bottles eggs cards stickers marbles shirts hours minutes dollars "
    "pages miles people children cookies flowers fish cows chickens trees boxes bags gallons pounds points games songs "
    "cars windows plates cups socks toys balls photos steps seats rooms bricks pizzas slices candies oranges students "
    "teachers players jars rocks stamps magazines lemons cupcakes muffins loaves feet inches meters ounces calories".split()
)

UNITS = tuple(
    "minutes hours days weeks months years miles dollars cents week day hour month year person box".split()
)

VERBS = tuple(
    "bought sold has makes earned spent found gave took needs used read wrote ran drove ate picked planted made "
    "saved lost pays paid got collected baked cut uses buys eats earns works walked carried washed won".split()
)

MONTHS = tuple(
    "January February March April May June July August September October November December".split()
)
