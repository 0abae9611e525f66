"""The words that catalogues are made of: things, what can be asked of them, and how.

A thing has a name, two names that say the same, and a hint. Its names are in the singular, and each
takes a plain -s. What can be asked has a name, three paraphrases, and a sentence that only hints.
"""

from collections.abc import Iterator
from dataclasses import dataclass

# CATEGORY: name, synonym, synonym, hint; and so on.
_THINGS = """
travel: hotel, inn, lodging house, a bed for the night; airline, air carrier, flight operator, a
 seat in the sky; cruise, ship tour, sea voyage, days on the water; hostel, youth lodge, bunk
 house, a cheap bunk; visa, entry permit, travel paper, a stamp in the passport; tour, guided trip,
 excursion, somebody to show us around; campsite, camping ground, tent pitch, a place for the tent;
 train, rail service, railway link, a ride on rails
food: restaurant, diner, eatery, a table for tonight; recipe, cooking guide, dish instruction,
 something to put in the oven; cheese, dairy wheel, curd product, what mice are said to love; wine,
 vintage, grape drink, a bottle for the guests; bakery, bread shop, pastry maker, fresh rolls in
 the morning; spice, seasoning, flavouring, what is missing in the pot; cafe, coffee house,
 espresso bar, a cup and a newspaper; caterer, banquet service, food supplier, plates for a hundred
 people
weather: storm, tempest, gale, the thing that rattles the shutters; tide, sea level change, water
 rise, when the beach disappears; glacier, ice stream, ice field, the white tongue in the valley;
 heatwave, hot spell, heat period, nights without sleep; snowfall, snow cover, fall of snow,
 whether the sledge is of use; rainband, rain belt, wet front, the reason for an umbrella; cyclone,
 whirling storm, spinning wind, the eye on the map; fogbank, mist layer, haze patch, headlights at
 noon
finance: stock, share, equity, a slice of a company; bond, debt paper, fixed income note, lending
 to a state; bank, lender, credit house, who keeps my savings; loan, credit, advance, money until
 next year; currency, legal tender, kind of money, the notes in my purse; fund, investment pool,
 portfolio product, one basket for many eggs; insurer, cover provider, policy issuer, who pays if
 the roof leaks; broker, trading agent, dealing house, the one who buys for me
sports: stadium, arena, sports ground, the place with the stands; striker, forward, attacker, who
 scores for us; marathon, long road race, distance run, forty kilometres on foot; league, division,
 championship series, the table on the back page; coach, trainer, team manager, the man at the
 touchline; racket, bat, hitting frame, what I hit the ball with; referee, umpire, match official,
 the one with the whistle; gym, fitness club, workout hall, a place to sweat
music: song, tune, track, what I keep humming; album, record, long player, a sleeve for the shelf;
 band, music group, ensemble, four friends and a van; concert, live show, gig, an evening before
 the stage; guitar, six-string, fretted instrument, what to strum at the fire; orchestra, symphony
 body, philharmonic, ninety people in black; singer, vocalist, voice artist, that voice on the
 radio; festival, open-air event, music weekend, mud and tents
film: movie, motion picture, feature film, something for the big screen; actor, screen player,
 performer, the face on the poster; director, film maker, head of the set, who shouted cut; cinema,
 picture house, film theatre, popcorn in the dark; trailer, preview, teaser clip, two minutes that
 spoil all; studio, production company, picture maker, the lion that roars; documentary, factual
 film, nonfiction feature, true things on the screen; sequel, second part, follow-up, the same
 again
health: clinic, medical centre, surgery, somebody in a white coat; vaccine, jab, inoculation, a
 needle in the arm; surgeon, operating doctor, theatre doctor, a steady hand with a knife;
 pharmacy, drug store, chemist shop, where the pills come from; allergy, sensitivity, immune
 reaction, why I sneeze in May; vitamin, dietary factor, nutrient, what oranges are full of;
 ambulance, rescue car, emergency vehicle, blue lights at the door; dentist, tooth doctor, oral
 doctor, the drill
education: school, teaching place, learning house, where the children go by day; teacher,
 instructor, educator, who stands at the blackboard; course, class, training programme, evenings
 with a notebook; exam, test paper, assessment, the day I dread; scholarship, study grant, bursary,
 somebody to pay my fees; library, reading house, book collection, quiet rooms with shelves;
 dormitory, student home, hall of residence, a room near the lectures; textbook, study volume,
 course book, the heavy thing in my bag
shopping: laptop, notebook computer, portable machine, something to type on in trains; sofa, couch,
 settee, what the cat sleeps on; shoe, footwear item, piece of footwear, what my feet need; camera,
 photo device, picture taker, something to catch the moment; jacket, coat, outer garment, against
 the cold; blender, mixer, smoothie maker, fruit into juice; voucher, coupon, gift card, a slip of
 paper worth money; market, bazaar, trading hall, stalls in the square
vehicles: car, automobile, motor vehicle, four wheels and a boot; bicycle, pushbike, two-wheeler,
 pedals to work; truck, lorry, hauler, to move the heavy load; scooter, moped, light motorbike, to
 slip through the jam; garage, car workshop, repair shop, the noise under the bonnet; tyre, wheel
 rubber, tread ring, what went flat; battery, power cell, accumulator, why nothing starts; bus,
 coach service, public motor, the one I always miss
animals: dog, hound, canine, somebody who barks; parrot, talking bird, macaw, the bird that repeats
 it all; horse, steed, mount, something to ride; zoo, animal park, menagerie, lions behind glass;
 kennel, dog home, pet boarding place, where he stays when we are away; whale, sea giant, cetacean,
 the spout on the horizon; beehive, bee colony, apiary box, honey in the garden; vet, animal
 doctor, pet physician, who looks at her paw
plants: tree, timber plant, woody giant, the shade in the yard; rose, thorned flower, garden bloom,
 something for the vase; orchid, exotic bloom, greenhouse flower, the diva on the sill; fern, frond
 plant, shade greenery, green in the dark corner; cactus plant, desert succulent, spiny succulent,
 what lives without water; vineyard, wine estate, grape field, rows on the slope; lawn, grass
 patch, turf, what I mow; garden, planted plot, green yard, beds behind the house
science: planet, orbiting world, celestial body, a dot that wanders; comet, tailed visitor, icy
 wanderer, the tail at night; molecule, bound atom group, compound particle, what the smell is made
 of; telescope, sky glass, star viewer, to see the rings; fossil, petrified relic, stone remain, a
 shell in the rock; reactor, nuclear plant, fission unit, what hums behind the fence; laboratory,
 research room, test facility, flasks and coats; satellite, orbiter, space relay, what blinks above
geography: river, stream, watercourse, what runs under the bridge; mountain, peak, summit, a thing
 to climb; island, isle, land in the sea, sand all around; desert, arid land, dry waste, dunes to
 the horizon; harbour, port, seaport, where the ships sleep; village, hamlet, small settlement, ten
 houses and a church; canyon, gorge, ravine, the deep cut in the land; volcano, fire mountain, lava
 cone, smoke over the ridge
housing: flat, apartment, rental unit, a roof of our own; cottage, country house, cabin, a week
 with a fireplace; landlord, letting owner, property owner, who has my deposit; plumber, pipe
 fitter, water installer, the tap that drips; elevator, lift, hoist, eight floors and bad knees;
 balcony, terrace, outdoor ledge, breakfast in the sun; boiler, water heater, heating unit, why the
 shower is cold; mortgage, home loan, house credit, thirty years of paying
work: job, position, vacancy, something to do from nine to five; employer, hiring firm, workplace
 owner, who pays me; pension, retirement plan, old-age income, when I stop one day; internship,
 trainee post, work placement, a summer of copying; union, labour group, workers body, who speaks
 for us; office, workplace, desk space, where my desk is; contract, agreement, signed deal, what I
 put my name under; seminar, workshop, training day, two days of slides
news: newspaper, daily, gazette, ink on my fingers; reporter, journalist, correspondent, who asked
 the minister; magazine, periodical, glossy, something for the waiting room; podcast, audio show,
 spoken series, voices in my ears; columnist, opinion writer, commentator, the one who is always
 cross; broadcast, transmission, aired programme, eight o'clock on the sofa; headline, title line,
 front-page line, the big letters; interview, press talk, question session, two chairs and a
 microphone
games: puzzle, brain teaser, riddle, an hour of thinking; chessboard, chess set, checkered board,
 kings and pawns; console, gaming box, play station, what hangs on the television; card deck, pack
 of cards, card set, aces and jokers; quiz, trivia round, question game, who knows the most;
 casino, gambling house, betting hall, red or black; jigsaw, picture puzzle, piece puzzle, a
 thousand pieces; tournament, competition, contest, sixteen players and one cup
art: painting, canvas, picture, something for the bare wall; sculpture, statue, carved figure,
 stone that looks back; gallery, art hall, exhibition room, white walls and wine; museum,
 collection house, heritage hall, old things behind ropes; poster, wall print, placard, to hide the
 crack; sculptor, stone carver, figure maker, hands full of dust; novel, long story, fiction book,
 for the long flight; poem, verse, lyric piece, a few lines that rhyme
technology: router, network box, wireless hub, the lights that blink; printer, printing device,
 page maker, paper is stuck again; server, host machine, backend computer, what hums in the
 basement; app, mobile program, phone software, that icon on my phone; browser, web viewer,
 internet program, forty open tabs; robot, automaton, mechanical helper, it vacuums and gets lost;
 drone, quadcopter, unmanned flyer, the buzz over the fence; chip, processor, integrated circuit,
 what gets hot inside
law: court, tribunal, bench of law, where the judge sits; lawyer, attorney, legal counsel, somebody
 to defend me; patent, invention right, protected idea, nobody may copy it; trademark, brand right,
 registered mark, our name on the box; verdict, ruling, judgment, guilty or not; fine, penalty,
 money sanction, parked in the wrong place; notary, deed officer, signing official, a seal on
 paper; prison, jail, detention house, behind bars
events: wedding, marriage feast, bridal party, rings and rice; fair, trade show, exposition, booths
 and brochures; parade, procession, march, drums in the street; banquet, gala dinner, feast, five
 forks on each side; auction, bidding sale, public sale, going once; funeral, burial, memorial
 service, we say goodbye; picnic, outdoor meal, meal on the grass, a blanket in the park; carnival,
 masked feast, costume revel, what mask to wear
energy: windmill, wind turbine, wind rotor, blades on the hill; dam, barrage, river wall, what
 holds the water back; pipeline, fuel line, conduit, the long tube; refinery, oil works, fuel
 plant, chimneys at the river; solar panel, sun cell, photovoltaic plate, dark glass on the roof;
 grid, power network, supply net, when the lights go out; mine, pit, excavation, deep below;
 charger, power adapter, loading plug, my phone is nearly dead
family: nursery, day care, childcare place, somebody for the little one; toy, plaything, kids item,
 what keeps them quiet; stroller, pram, baby carriage, wheels for the baby; nanny, childminder,
 babysitter, we want an evening out; playground, play area, swing park, slides and sand; cradle,
 baby bed, rocking cot, what rocks; ancestor, forebear, forefather, who came before us; reunion,
 clan meeting, family gathering, all the cousins
"""

# name, paraphrase, paraphrase, paraphrase: hint
_ASKED = """
price, cost, amount to pay, going rate: my wallet is thin
rating, score, marks from users, quality grade: is it any good
location, whereabouts, spot on the map, exact place: I would get lost without help
history, past, background story, earlier record: what happened before
size, dimensions, extent, measure: will it fit
age, years of existence, number of years, how long it exists: is it young or ancient
owner, proprietor, title holder, who it belongs to: who is behind it
popularity, public demand, general appeal, how well liked it is: does everybody rave about it
availability, open places, free capacity, whether any is left: can I still get one
safety, risk level, hazard record, protection standard: I do not want to get hurt
weight, heaviness, mass, load in kilos: can I carry that
speed, pace, velocity, quickness: I am in a hurry
colour, shade, hue, tint: does it go with blue
origin, provenance, birthplace, source country: where does it come from
warranty, guarantee, repair promise, cover after purchase: what if it breaks
schedule, timetable, list of times, calendar plan: when do I have to be there
capacity, maximum load, upper limit, room inside: there are many of us
language support, languages offered, spoken tongues, available translations: I speak no English
noise, sound level, loudness, decibel figure: I need it quiet
temperature, degrees, warmth, heat reading: should I bring gloves
rules, regulations, terms of use, code of conduct: what am I not allowed to do
award, prize, honour, distinction: did it ever win anything
contact, phone details, ways to reach it, address of the office: I want to talk to somebody
discount, reduction, money off, special offer: is there any way to save
distance, way in kilometres, length of the trip, how far it is: my legs are tired
energy use, power draw, electricity need, consumption of power: the bill was awful last time
lifespan, durability, time until worn out, length of life: will it last
material, substance, fabric, what it is made of: I hope it is not plastic
staff, personnel, crew, people employed: who works there
accessibility, step-free access, barrier report, ease for wheelchairs: my mother uses a wheelchair
parking, car spaces, bays for cars, where to leave a car: we come by car
menu, list of dishes, choice of meals, what is served: we will be hungry
photo, picture, image, snapshot: what does it look like
forecast, outlook, prediction, expected course: how will it go on
tax, levy, duty, charge by the state: what does the state want
licence, permit, legal approval, official permission: is that even legal
maintenance, upkeep, servicing plan, care needed: who keeps it in order
deadline, last date, closing time, latest moment: am I too late
sponsor, backer, funder, who pays for it: where does the money come from
ranking, league place, position in the list, standing among peers: is it better than the rest
"""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that APIs tell about."""

    category: str
    names: tuple[str, ...]  # the documentation's first
    hint: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that is asked of a thing."""

    names: tuple[str, ...]  # the documentation's first
    hint: str


def things() -> Iterator[Thing]:
    """Yields 200 things of 25 categories.

    >>> next(things())
    Thing(category='travel', names=('hotel', 'inn', 'lodging house'), hint='a bed for the night')
    """
    for line in _THINGS.replace("\n ", " ").strip().split("\n"):
        category, _, told = line.partition(": ")
        for each in told.split("; "):
            *names, hint = each.split(", ", 3)
            yield Thing(category, tuple(names), hint)


def asked() -> Iterator[Asked]:
    """Yields the 40 things that can be asked.

    >>> next(asked()).hint
    'my wallet is thin'
    """
    for line in _ASKED.strip().split("\n"):
        names, _, hint = line.partition(": ")
        yield Asked(tuple(names.split(", ")), hint)
