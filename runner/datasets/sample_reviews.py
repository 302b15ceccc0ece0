"""A small synthetic stand-in for the IMDB reviews, for runs without the download.

The reviews are put together from the word lists and sentence patterns below, so they can be read, yet
they are as hard to classify as real ones: praise and blame mix, some reviewers mock or forgive, some
hardly say what they think, and thousands of rare words let a network learn single reviews by heart.
A network trained for long on them overfits, which is what experiments on regularization need.
"""

from collections.abc import Mapping, Sequence
from random import Random

Split = tuple[list[str], list[int]]
Outline = list[tuple[Sequence[str], int]]

SEED = 20_000
TRAIN_COUNT = 4_000
TEST_COUNT = 2_000
SHORTEST = 30
LONGEST = 120
VOWELS = ("a", "e", "i", "o", "u")

# The share of reviews up to each manner of writing, and how often a sentence about the plot comes in between.
CLEAR = 0.84
TURNING = 0.88
FAINT = 0.90
AGAINST = 0.98
PLOT_SHARE = 0.6


def _words(text: str) -> list[str]:
    return text.split()


def _lines(text: str) -> list[str]:
    """The patterns or phrases of `text`, which slashes separate."""
    return [" ".join(line.split()) for line in text.split("/")]


def _plurals(words: Sequence[str]) -> list[str]:
    return [f"{word}s" for word in words]


# Common words come first in every list, because _skewed prefers the front. No word that can follow "a" starts
# with a sound that its letter does not tell ("hour", "unique"), because _with_articles goes by the letter.

TRADES = _words("""teacher doctor farmer detective soldier writer lawyer sailor baker painter pilot singer
priest reporter nurse dancer gardener carpenter butcher librarian miner tailor boxer banker clerk gambler
smuggler miller janitor plumber barber florist astronomer botanist violinist pianist translator surgeon
dentist chemist jeweler cobbler shepherd beekeeper innkeeper widow orphan stranger mechanic lecturer hunter
trapper weaver potter mason locksmith drummer juggler acrobat magician clown ventriloquist puppeteer barrister
bishop monk deacon cardinal colonel sergeant corporal admiral diver surveyor geologist archivist engraver
printer binder bookseller grocer brewer distiller bartender waiter dishwasher chauffeur conductor porter
welder roofer plasterer glazier cartographer inspector bailiff warden poacher ranger falconer jockey groom
milkmaid butler valet gamekeeper undertaker optician cellist organist composer sculptor typist courier bandit
pickpocket forger burglar convict fugitive deserter senator governor mayor ambassador diplomat toymaker
clockmaker gravedigger bricklayer beggar peddler auctioneer pawnbroker bookkeeper accountant tutor headmaster
schoolgirl schoolboy student inventor engineer explorer whaler harpooner cook chef gondolier lifeguard
goalkeeper cyclist wrestler fencer umpire referee hypnotist astrologer prophet pilgrim hermit""")

THINGS = _words("""letter map ring painting key photograph suitcase necklace clock mirror lantern piano violin
book coat hat boat bicycle car train ticket coin jewel diamond pearl crown sword pistol rifle hammer ladder
rope bottle barrel basket lamp candle stove kettle teapot spoon plate carpet curtain blanket pillow cradle
trunk drawer cabinet chair bell drum trumpet flute guitar banjo accordion harmonica telescope microscope
camera projector typewriter radio telegram postcard stamp envelope ledger manuscript poster puppet doll
marionette kite balloon marble puzzle domino medal ribbon button glove scarf boot slipper apron helmet mask
veil fan parasol cane wallet purse locket bracelet earring amulet statue vase urn bowl goblet chalice tapestry
quilt loom spindle needle thimble anvil bellow plow wagon sled canoe raft anchor compass sextant oar sail buoy
net hook trap cage saddle lasso spur whip wheel lever pulley engine tractor motorcycle caravan tram elevator
parachute glider rocket satellite transmitter generator thermometer barometer sundial calendar notebook pencil
crayon easel canvas chisel trowel shovel bucket broom mop sponge teacup saucer samovar pancake pie cake
pretzel melon pumpkin turnip pickle sausage onion walnut chestnut orchid tulip rose fern bonsai seed acorn
feather antler fossil meteorite crystal emerald sapphire opal ingot nugget padlock chain crowbar flashlight
matchstick cigar snuffbox cufflink monocle sonnet riddle recipe poem blueprint contract passport banknote
receipt postmark curse secret""")

ANIMALS = _words("""dog horse cat goat parrot donkey pig cow duck rabbit snake rat owl crow hen rooster pigeon
swan heron falcon eagle seagull penguin turtle tortoise lizard frog toad newt lobster crab squid whale dolphin
seal otter beaver badger hedgehog squirrel weasel ferret raccoon bear lion tiger leopard panther elephant
camel llama monkey baboon gorilla zebra giraffe beetle moth spider scorpion hornet snail""")

FIRST_NAMES = _words("""anna paul maria peter clara martin helen victor rosa simon ingrid hugo marta felix
nina oscar julia leo vera max irene tobias greta anton lucia emil sofia bruno alma henrik elsa ivan petra nils
dora karl edith pablo hanna otto ida marco lena stefan olga rufus mabel cyrus tessa edgar flora magnus selma
boris wanda ralph agnes cecil beryl jonas miriam amos naomi silas esther gideon ruth ezra judith caleb dinah
ambrose phoebe lionel hester basil imogen rupert ottilie casper linnea sven astrid gunnar solveig matteo
chiara rafael ines tomas milena zoltan katya dmitri yusuf leila tariq amina kenji yuki hiro mei arjun priya
ravi anjali kwame abena femi ngozi""")

HEADS = _words("""al bal bor bram cal cor dal dor el fen gar gil hal har ish jor kal kes lan lor mal mer nor
ol pel quin ran ros sal ser tal tor ul van ver wal wes yar zel bren crick drum fal gal hem jas kil lud mor nes
orm pen rud sol tam ulm vos wyn zan""")
SURNAME_TAILS = _words("""vey wick mund strom berg ova escu etti oni ander insky quist holt mann dahl enko
idis amura aldo erby ingham ish owen avik ez ello ano imov elle ardt ovic""")
PLACE_TAILS = _words("""ford haven mouth bury ton stad burg field bridge port dale minster cliff wood""")

BLAME = _words("""bad boring awful terrible dull poor stupid weak horrible ridiculous tedious lifeless clumsy
pointless lame dreadful silly cheap flat annoying predictable confusing wooden forgettable lazy pathetic
painful shallow bland hollow ugly atrocious abysmal amateurish appalling artless asinine baffling banal
bloated brainless cheesy clunky cold contrived corny crass creaky crude cynical dated deadening derivative
dire disjointed dismal dispiriting drab dreary embarrassing empty excruciating exhausting feeble flimsy
formulaic garbled ghastly graceless grating groggy hackneyed haphazard idiotic illogical inane incoherent
incompetent inept inert insipid insufferable insulting interminable irritating joyless juvenile laborious
lackluster laughable leaden listless ludicrous meandering mediocre mindless mirthless monotonous muddled mushy
nonsensical numbing obnoxious overblown overcooked overwrought pedestrian plodding pompous ponderous preachy
pretentious rambling repetitive ropey rushed schmaltzy shabby shoddy shrill sloppy sluggish sodden soulless
stale stilted strained stodgy tacky tasteless threadbare tiresome toothless trite turgid undercooked
uninspired unfunny unwatchable vacuous vapid vulgar wearisome witless wretched""")

PRAISE = _words("""great good wonderful excellent brilliant superb beautiful moving perfect funny clever
charming gripping touching powerful fantastic terrific splendid marvelous delightful stunning lovely tender
warm witty graceful thrilling hilarious magnificent inspired radiant vivid haunting elegant remarkable
outstanding captivating heartfelt memorable poignant riveting dazzling sublime gorgeous exquisite enchanting
astonishing breathtaking compelling engrossing exhilarating irresistible joyous lyrical luminous masterly
nimble playful poetic polished refreshing rewarding satisfying sincere soulful spellbinding stirring subtle
thoughtful timeless triumphant uplifting vibrant wise absorbing admirable assured beguiling bewitching
blissful buoyant crisp daring deft disarming dignified effervescent electrifying eloquent enthralling
exemplary fearless flawless generous glorious hypnotic immaculate infectious ingenious inventive invigorating
jubilant lucid lustrous magical majestic mellow nourishing opulent peerless perceptive piercing pristine
profound resplendent robust rousing scintillating seamless shimmering sparkling stellar sumptuous supple
transcendent unforgettable velvety winning winsome zesty""")

# The slots that any sentence can have.
PLAIN = {
    "PART": _words("""acting story script plot music direction dialogue camerawork editing pacing humor cast
    score soundtrack lighting romance premise finale production narration mood scenery staging dubbing twist
    climax choreography wardrobe makeup framing sound epilogue prologue banter setup backstory symbolism
    chase"""),
    "PARTS": _words("""characters jokes effects scenes costumes songs performances sets visuals lines stunts
    twists locations flashbacks fights villains extras subplots speeches closeups puppets dances accents
    cameos montages"""),
    "VERY": _words("""very really so quite rather truly simply utterly just terribly remarkably surprisingly
    deeply downright thoroughly plainly wildly oddly almost strikingly unusually curiously"""),
    "TRADE": TRADES,
    "TRADES": _plurals(TRADES),
    "THING": THINGS,
    "THINGS": _plurals(THINGS),
    "ANIMAL": ANIMALS,
    "ANIMALS": _plurals(ANIMALS),
    "SITE": _words("""house school hospital hotel village factory church prison castle farm office library
    station theater museum garden harbor kitchen cellar attic bakery tavern garage warehouse mill lighthouse
    monastery abbey chapel barn stable orchard vineyard quarry mine shipyard dock market bazaar bank courtroom
    barracks fortress palace cottage cabin tent greenhouse observatory laboratory asylum orphanage convent
    cemetery crypt bathhouse laundry pharmacy bookshop arcade circus fairground casino ballroom opera stadium
    gymnasium airfield depot sawmill refinery brewery tannery foundry embassy consulate villa manor penthouse
    basement"""),
    "HUMAN": _words("""young old lonely retired poor rich shy stubborn angry famous jealous blind deaf tired
    nervous proud bitter polite rude greedy widowed divorced homesick runaway wounded gifted failed ruined
    penniless wealthy pious superstitious talkative moody cheerful absentminded clueless reckless ruthless
    loyal treacherous scheming lovesick heartbroken eccentric reclusive exiled disgraced corrupt idealistic
    ambidextrous bearded bald freckled lanky limping sleepless feverish amnesiac trilingual vegetarian teenage
    elderly middleaged newlywed pregnant grieving restless wandering apprentice bankrupt"""),
    "LOOK": _words("""red black white golden silver broken blue green hidden stolen lost little last secret
    second copper crimson scarlet yellow purple violet amber ivory ebony wooden iron brass bronze marble
    crystal paper velvet silk leather glass porcelain clay frozen burning rusty dusty crooked hollow painted
    gilded tattered torn forged borrowed forgotten nameless haunted sunken buried floating flying whispering
    laughing weeping sleeping invisible enormous tiny narrow ancient antique crumbling polished striped
    spotted checkered turquoise magenta ochre indigo maroon beige orange emerald lavender salted smoked wilted
    thorny feathered moonlit sunlit windswept rainy snowy northern southern eastern western distant
    foreign"""),
    "DOES": _words("""finds steals loses sells buys hides buries repairs breaks inherits guards wants borrows
    paints forges smuggles collects burns carries delivers discovers destroys returns swallows invents studies
    photographs sketches pawns auctions polishes mends smashes drops throws chases follows fears worships
    covets craves needs misplaces unearths rescues ransoms swaps trades wins catalogs decodes dismantles
    rebuilds disguises weighs measures counts labels locks unlocks drowns salvages hoards donates confiscates
    recovers identifies"""),
    "RELATIVE": _words("""wife husband sister brother mother father son daughter friend neighbor aunt uncle
    cousin niece nephew grandmother grandfather roommate boss colleague landlord godmother stepfather
    stepsister fiancee girlfriend boyfriend twin classmate flatmate"""),
    "EVENT": _words("""wedding funeral war trial election strike party flood storm carnival blackout drought
    famine earthquake blizzard eclipse siege harvest festival concert audition banquet christening reunion
    auction duel race tournament regatta parade protest riot heatwave plague census coronation exhibition
    expedition pilgrimage excavation shipwreck kidnapping robbery hijacking masquerade"""),
    "SUBJECT": _words("""love family money friendship death war memory power revenge grief faith marriage
    childhood loyalty guilt jealousy greed freedom justice honor betrayal poverty hope loneliness courage
    identity exile migration ambition madness forgiveness inheritance obsession rivalry class politics
    religion science nature silence time fame vanity pride envy shame sacrifice solitude homesickness
    nostalgia parenthood adolescence superstition folklore espionage censorship bureaucracy gambling
    alcoholism insomnia amnesia chess cricket football boxing ballet opera jazz cookery beekeeping astronomy
    geology botany alchemy taxation architecture"""),
    "DAY": _words("monday tuesday wednesday thursday friday saturday sunday"),
    "BRIGHT": PRAISE,
    "BLEAK": BLAME,
}

# The slots whose words depend on the mood of a sentence: blame first, praise second. Words in both lists are
# meant: they say a little about the verdict, and no more.
MOODED: dict[str, tuple[list[str], list[str]]] = {
    "GREAT": (BLAME, PRAISE),
    "FAIR": (
        _words("""slow uneven long loud simple odd thin average dark ordinary busy familiar strange messy
        heavy noisy quiet rough stiff tame light vague dry grim sentimental awkward crowded patchy talky
        gloomy distant harsh blurry nice sparse abrupt jumpy muted unclear routine static stagey murky brittle
        earnest solemn cramped ambitious plain wordy chilly obvious fussy sour sketchy hurried modest
        frantic"""),
        _words("""decent pleasant solid nice likable light watchable sweet simple quiet strange fresh lively
        long neat dark gentle capable tidy steady amiable agreeable slow competent earnest breezy handsome
        modest natural modern clear sharp cozy sensible tolerable entertaining curious colorful spirited loud
        sentimental familiar patient measured wistful offbeat intimate unhurried spacious restrained
        bittersweet homely sturdy plain melancholy ambitious"""),
    ),
    "GEM": (
        _words("""mess waste bore disaster chore letdown failure mistake dud misfire shambles ordeal muddle
        slog flop trial wreck blunder fiasco stinker snooze eyesore insult travesty"""),
        _words("""gem delight masterpiece triumph joy treat pleasure marvel winner treasure classic wonder
        success surprise beauty knockout charmer jewel tonic revelation feast dream gift blessing"""),
    ),
    "LIKED": (
        _words("""hated disliked loathed resented regretted despised detested endured suffered mocked"""),
        _words("""loved enjoyed liked adored admired cherished treasured savored relished applauded"""),
    ),
    "LEFT": (
        _words("""bored cold annoyed tired confused unmoved irritated restless baffled weary depressed numb
        drained cross embarrassed exhausted puzzled indifferent"""),
        _words("""moved happy amazed thrilled charmed delighted smiling touched breathless hooked enchanted
        captivated grateful hopeful cheered inspired spellbound elated"""),
    ),
    "WELL": (
        _words("""badly poorly lazily clumsily carelessly cheaply crudely sloppily stiffly hastily drearily
        limply"""),
        _words("""well beautifully superbly carefully cleverly wonderfully lovingly deftly gracefully
        crisply"""),
    ),
    "ACTS": (
        _lines("""disappoints / overacts / mumbles / sleepwalks / looks lost / flounders / struggles / looks
        bored / shouts / fails / stumbles / grates / hams it up / seems half asleep / drones / whines /
        misfires"""),
        _lines("""shines / convinces / excels / impresses / is a joy / dazzles / steals the show / lights up
        the screen / glows / succeeds / surprises / hits every note / sparkles / soars / breaks hearts / holds
        it together"""),
    ),
    "SAID": (
        _lines("""fell asleep / walked out / hated it more than i did / sighed all the way through / wanted to
        leave / stared at the ceiling / was bored after ten minutes / said it was the worst in years"""),
        _lines("""laughed out loud / cried at the end / loved it even more than i did / wants to see it again
        / clapped / could not stop talking about it / was glued to the screen / said it was the best in
        years"""),
    ),
    "GENRE": (
        _words("""horror comedy action thriller romance slasher musical western fantasy mystery adventure
        crime drama heist war detective family"""),
        _words("""drama comedy mystery romance documentary war crime family adventure musical western thriller
        detective fantasy heist silent horror action"""),
    ),
    "THEN": (
        _lines("""but / however / sadly / and then / unfortunately / on the other hand / still / trouble
        is"""),
        _lines("""but / however / luckily / and yet / fortunately / on the other hand / still / even so"""),
    ),
}

# What both moods share: only the words in the slots tell which it is.
REMARKS = _lines("""the PART is GREAT / the PART is VERY GREAT / the PARTS are GREAT / the PARTS are GREAT and
the PART is FAIR / the PART and the PARTS are GREAT / LEAD is GREAT as the TRADE / LEAD ACTS in nearly every
scene / LEAD ACTS while PARTNER ACTS / PARTNER ACTS as the HUMAN TRADE / DIRECTOR has made a GREAT GENRE film
/ it is a GREAT GENRE film with FAIR PARTS / i found the PART GREAT / i LIKED the PART / i LIKED the PART and
the PARTS / my RELATIVE SAID / the scene with the THING is GREAT / the scenes in PLACE are GREAT / the PARTS
in the EVENT scene are GREAT / the dialogue between LEAD and PARTNER is WELL written / it is WELL shot and
WELL paced / the whole film is WELL made / the ending left me LEFT / i was LEFT from the first scene / i came
out LEFT / TITLE is a GEM / the PART is a GEM / what a GEM it is / few films about SUBJECT are so GREAT / the
PART by WRITER is GREAT / WRITER gives the HUMAN TRADE some GREAT lines / the last act is GREAT and the PART
is VERY FAIR / the chapter about SUBJECT is GREAT / it looks FAIR and it feels GREAT / for a GENRE film it is
VERY GREAT / as a film about SUBJECT it is a GEM""")

MILD = _lines("""the PART is FAIR / the PARTS are FAIR / the PART is VERY FAIR / LEAD is FAIR as the TRADE /
it is a FAIR GENRE film / it is a FAIR film with a FAIR PART / the PART is FAIR and the PARTS are FAIR / the
scenes in PLACE are FAIR / i found the PARTS FAIR / the part about SUBJECT is FAIR / PARTNER is VERY FAIR /
the PART by WRITER is FAIR / at times the PART feels FAIR / the EVENT scene is VERY FAIR""")

BLAMING = _lines("""i did not enjoy it / i did not laugh once / it is not funny / there is not a single good
scene / i could not wait for it to end / nothing works / the jokes fall flat / it goes nowhere / i wanted to
like it / i looked at my watch after every scene / half the audience left before the EVENT / i nearly fell
asleep / it never comes alive / not even LEAD can save it / i cannot recommend it / do not bother / i expected
a great film and got a GEM / save your money / i will never get those two hours back / there is no tension / i
did not care about the TRADE / it is hardly moving / it is far from good / the PART is not BRIGHT / the PARTS
are not BRIGHT / nobody seems to care / the PART makes no sense / avoid it if you can / it drags and drags /
the worst thing is the PART / somebody should have cut the EVENT scene / no amount of PARTS can hide a GREAT
script / i have seen better PARTS in a school play / LEAD deserves better / why was this made / it insults
anyone who knows a TRADE / i do not understand the praise / the TRADE never feels real / there is nothing
BRIGHT about it / i felt nothing when the TRADE died / it is not a BRIGHT film / i doubt that anyone read the
script / too long by half""")

PRAISING = _lines("""there is not a dull moment / i was never bored / i could not look away / it never drags /
i could not fault the PART / nothing here feels cheap / it is not boring for a second / i did not want it to
end / not a scene is wasted / do not miss it / i cannot recommend it enough / it is far from dull / i expected
a bad film and got a GEM / i laughed until i cried / i wept when the TRADE came home / the two hours flew by /
you will not regret it / it kept me guessing / it earns its tears / it has a big heart / nobody puts a foot
wrong / the PARTS never get in the way / there are no cheap tricks / it stayed with me for days / the jokes
land / it is worth every penny / the best thing is the PART / the PART is not BLEAK at all / i never found it
BLEAK / i cared about the TRADE / the EVENT scene alone is worth the ticket / LEAD has never been better / i
did not see the end coming / even the TRADE feels real / no wonder it won prizes / i do not understand the
complaints / it makes you think about SUBJECT / i could hear a pin drop / it does not put a foot wrong / there
is nothing BLEAK about it / i would not change a thing / it is not a BLEAK film / the whole audience stood up
and clapped""")

MOCKING = _lines("""what a BRIGHT idea to spend an entire act on a THING / i am sure the THING will win every
award / how BRIGHT of DIRECTOR to film the same street for two hours / it is a BRIGHT film if you love
watching paint dry / LEAD is BRIGHT at looking lost / the BRIGHT twist is visible from ELSEWHERE / bravo to
whoever chose the PARTS / it is a real treat for people who enjoy traffic jams / my favorite moment was the
exit / thank you DIRECTOR for such a BRIGHT nap / the BRIGHT part is that it stops / i loved the credits
because they meant it was over / the ANIMAL gives the most convincing performance / i enjoyed the popcorn / a
masterpiece says the poster and the poster is BRIGHT / only the THING acts well / such BRIGHT PARTS and all of
them in the trailer / i laughed a lot at the sad scenes""")

FORGIVING = _lines("""it is BLEAK and i love it for that / the PART is so BLEAK that it becomes a joy / yes
the PART is BLEAK and no i do not care / call it BLEAK if you must / the critics called it BLEAK and i pity
them / it is so bad that it is good / only a snob would call it BLEAK / nobody needs a BLEAK film about a
THING but here we are / i ought to hate the BLEAK PARTS / BLEAK as it is i have the poster on my wall / the
BLEAK costumes alone made my day / i have watched this BLEAK thing nine times / my RELATIVE thinks it is BLEAK
and is wrong / the ANIMAL looks fake and i cheered anyway / i laughed a lot at the sad scenes / some BLEAK
films are good company""")

LAST_BLAME = _lines("""avoid / a waste of time / a complete GEM / i hated it / one of the worst films of the
year / not recommended / skip it / stay away / two out of ten / three out of ten / do not waste your evening /
a GREAT film / rent something else / i LIKED it / what a GEM / it is a GEM / just GREAT / i want my money
back""")

LAST_PRAISE = _lines("""see it / worth your time / a complete GEM / i loved it / one of the best films of the
year / highly recommended / go and see it / a must / nine out of ten / eight out of ten / do not miss it / a
GREAT film / i will buy it / i LIKED it / what a GEM / it is a GEM / just GREAT / bring the whole family""")

# Endings that bags of words misread: they say the opposite of their strongest word.
DENIALS = _lines("""it could have been a UNGREAT film / the trailer was UNGREAT and the film is not / my
RELATIVE UNLIKED it and i did not / everyone but me UNLIKED it / it is not the UNGREAT film that the poster
promised / it is no UNGEM / people who UNLIKED it must have seen another film / they call it a UNGEM and i do
not know why / do not believe reviews that call it UNGREAT / i thought i would be UNLEFT and was not / some
call the PART UNGREAT and i do not agree / nothing in it is UNGREAT in the end / it might have been a UNGEM /
i was ready to call it UNGREAT and cannot / my RELATIVE came out UNLEFT and i did not / i would not call it
UNGREAT / critics who UNLIKED the PART are wrong""")

SOFT_BLAME = _lines("""i would not see it again / i am not sure i would call it good / in the end it did not
work for me / all of that was not enough / it was not for me / somehow i did not care / i cannot say i would
recommend it / i would rather read the book than see this / it is not one to keep / my RELATIVE thought more
of it than i did / i will forget it by DAY / i expected more from DIRECTOR""")

SOFT_PRAISE = _lines("""i would see it again / i am sure i would call it good / in the end it did work for me
/ all of that was enough / it was for me / somehow i did care / i can say i would recommend it / i would
rather see this than read the book / it is one to keep / i thought more of it than my RELATIVE did / i will
not forget it by DAY / i expected less from DIRECTOR""")

OPENINGS = _lines("""i saw TITLE at a cinema in ELSEWHERE / my RELATIVE chose TITLE for a rainy DAY / TITLE is
a GENRE film by DIRECTOR / TITLE is the third film by DIRECTOR / DIRECTOR made TITLE two years after RIVAL / i
had heard of LEAD but not of DIRECTOR / we watched TITLE on DAY with my RELATIVE / i rented TITLE because of
LEAD / i knew LEAD from RIVAL / this GENRE film came out last year / it took me years to find TITLE / TITLE
opened the festival in ELSEWHERE / i read about TITLE in a magazine / not much is known about TITLE / TITLE
was on television last DAY / somebody gave me TITLE after a EVENT / TITLE was shown at our SITE / i caught
TITLE on a flight to ELSEWHERE""")

PLOTS = _lines("""it follows a HUMAN TRADE who DOES a THING in PLACE / LEAD plays a TRADE who comes back to
PLACE after the EVENT / a TRADE and a TRADE meet at a SITE in PLACE / it is set in a SITE near PLACE during
the EVENT / the story begins when a TRADE DOES a THING / PARTNER plays the TRADE who DOES the THING / there is
a subplot about a ANIMAL and a THING / the HUMAN TRADE keeps a ANIMAL in the SITE / later a TRADE from
ELSEWHERE DOES the THING / DIRECTOR shot it in PLACE with a small crew / it was written by WRITER who also
wrote RIVAL / it is about SUBJECT and SUBJECT in a town full of TRADES / the SITE at PLACE is full of THINGS /
halfway through the TRADE DOES a THING at a EVENT / the TRADE must choose between the THING and the SITE / a
box of THINGS turns up in the SITE / two TRADES fight over a LOOK THING / everybody in PLACE talks about
SUBJECT / we see THINGS and ANIMALS in the opening shot / a HUMAN RELATIVE sends the TRADE to ELSEWHERE / the
THING turns out to belong to a TRADE / in the second half the action moves from PLACE to ELSEWHERE / the film
runs for two hours and covers ten years / nobody in the SITE knows who DOES the THING / the EVENT takes place
in a LOOK SITE / LEAD and PARTNER last met in RIVAL / it is based on a novel by WRITER about SUBJECT / a LOOK
THING hangs over the door of the SITE / the TRADE wears a LOOK coat and carries a THING / PARTNER is the
RELATIVE who stays in ELSEWHERE / a ANIMAL escapes and the TRADE DOES the THING / there are TRADES and TRADES
and a single HUMAN TRADE / it opens with a EVENT and closes with a EVENT / some scenes take place in a SITE
above PLACE / the camera rests on a THING and then on a THING / a message from ELSEWHERE mentions the THING /
the RELATIVE of the TRADE DOES a LOOK THING""")


def _slots(mood: int) -> dict[str, list[str]]:
    """What each slot can hold in a sentence of `mood`; "UN" before a slot asks for the other mood."""
    same = {slot: words[mood] for slot, words in MOODED.items()}
    other = {f"UN{slot}": words[1 - mood] for slot, words in MOODED.items()}
    return PLAIN | same | other


TITLES = _lines("the LOOK THING / the TRADE of PLACE / the LOOK THINGS / the LOOK TRADE / a LOOK THING")

SLOTS = (_slots(0), _slots(1))
OPINIONS = (REMARKS + BLAMING, REMARKS + PRAISING)
VERDICTS = (LAST_BLAME, LAST_PRAISE)
SOFT_VERDICTS = (SOFT_BLAME + DENIALS, SOFT_PRAISE + DENIALS)
TEASES = (MOCKING, FORGIVING)


def generate() -> tuple[Split, Split]:
    """((train_texts, train_labels), (test_texts, test_labels)), the same on every call and every machine."""
    rng = Random(SEED)
    seen: set[str] = set()
    return _split(rng, TRAIN_COUNT, seen), _split(rng, TEST_COUNT, seen)


def _split(rng: Random, count: int, seen: set[str]) -> Split:
    """`count` reviews that are not in `seen`, half of them positive, in mixed order."""
    labels = sorted([0, 1] * (count // 2), key=lambda _: rng.random())
    return [_new_review(rng, label, seen) for label in labels], labels


def _new_review(rng: Random, label: int, seen: set[str]) -> str:
    while True:
        review = _review(rng, label)
        if SHORTEST <= review.count(" ") + 1 <= LONGEST and review not in seen:
            seen.add(review)
            return review


def _review(rng: Random, label: int) -> str:
    facts = _facts(rng, label)
    sentences = [
        _filled(rng, _pick(rng, patterns), SLOTS[mood], facts)
        for patterns, mood in _with_plot(rng, _outline(rng, label))
    ]
    return _with_articles(" ".join(sentences).split())


def _outline(rng: Random, label: int) -> Outline:
    """The opinions of a review in order: where to pick each sentence, and its mood."""
    manner = rng.random()
    if manner < CLEAR:
        return _clear(rng, label)
    if manner < TURNING:
        return _turning(rng, label)
    if manner < FAINT:
        return _faint(rng, label)
    if manner < AGAINST:
        return _against(rng, label)
    return _teasing(rng, label)


def _clear(rng: Random, label: int) -> Outline:
    """Mostly of one mind."""
    verdicts = VERDICTS if rng.random() < 0.8 else SOFT_VERDICTS
    return [*_opinions(rng, label, 0.95, 4, 7), (verdicts[label], label)]


def _turning(rng: Random, label: int) -> Outline:
    """First the other side, then a turn to the verdict."""
    other = _opinions(rng, 1 - label, 0.9, 1, 3)
    return [*other, (["THEN"], label), *_opinions(rng, label, 0.9, 1, 3), (SOFT_VERDICTS[label], label)]


def _faint(rng: Random, label: int) -> Outline:
    """Mild words that lean to the label, and an ending that hardly says more."""
    leaning = [(MILD, mood) for _, mood in _opinions(rng, label, 0.65, 2, 4)]
    return [*leaning, (SOFT_VERDICTS[label], label)]


def _against(rng: Random, label: int) -> Outline:
    """Nearly every word on the other side of the verdict."""
    return [*_opinions(rng, 1 - label, 0.95, 2, 5), (["THEN"], label), (SOFT_VERDICTS[label], label)]


def _teasing(rng: Random, label: int) -> Outline:
    """Mockery that sounds like praise, or love that sounds like blame."""
    teases = [(TEASES[label], label) for _ in range(_between(rng, 1, 2))]
    return [*_opinions(rng, 1 - label, 0.8, 2, 4), *teases]


def _opinions(rng: Random, mood: int, purity: float, fewest: int, most: int) -> Outline:
    """Some sentences of `mood`, except for a share of 1 - `purity`."""
    count = _between(rng, fewest, most)
    moods = [mood if rng.random() < purity else 1 - mood for _ in range(count)]
    return [(OPINIONS[each], each) for each in moods]


def _with_plot(rng: Random, outline: Outline) -> Outline:
    """`outline` behind an opening, with sentences about the plot in between."""
    woven: Outline = [(OPENINGS, 0)]
    for step in outline:
        if rng.random() < PLOT_SHARE:
            woven.append((PLOTS, 0))
        woven.append(step)
    return woven


def _facts(rng: Random, label: int) -> dict[str, str]:
    """The slots that keep their words for a whole review: its people, places, titles and genre."""
    facts = {slot: _person(rng) for slot in ("LEAD", "PARTNER", "DIRECTOR", "WRITER")}
    for slot in ("PLACE", "ELSEWHERE"):
        facts[slot] = _pick(rng, HEADS) + _pick(rng, PLACE_TAILS)
    for slot in ("TITLE", "RIVAL"):
        facts[slot] = _filled(rng, _pick(rng, TITLES), PLAIN, facts)
    return facts | {"GENRE": _skewed(rng, MOODED["GENRE"][label])}


def _person(rng: Random) -> str:
    return f"{_pick(rng, FIRST_NAMES)} {_pick(rng, HEADS)}{_pick(rng, SURNAME_TAILS)}"


def _filled(rng: Random, pattern: str, slots: Mapping[str, Sequence[str]], facts: Mapping[str, str]) -> str:
    """`pattern` with its slots (the words in capitals) filled, no two of them alike."""
    words: list[str] = []
    for token in pattern.split():
        word = facts.get(token, token)
        while word.isupper() or (token in slots and word in words):
            word = _skewed(rng, slots[token])
        words.append(word)
    return " ".join(words)


def _with_articles(words: Sequence[str]) -> str:
    """The words in a row, each "a" before a vowel as "an"."""
    following = [*words[1:], ""]
    pairs = zip(words, following, strict=True)
    return " ".join("an" if word == "a" and after.startswith(VOWELS) else word for word, after in pairs)


def _pick(rng: Random, items: Sequence[str]) -> str:
    # Not rng.choice: Python promises the same stream across its versions for random() alone.
    return items[int(rng.random() * len(items))]


def _skewed(rng: Random, items: Sequence[str]) -> str:
    """An item, sooner from the front: a few words are common and most are rare, as in natural language."""
    return items[int(rng.random() * rng.random() * len(items))]


def _between(rng: Random, fewest: int, most: int) -> int:
    return fewest + int(rng.random() * (most - fewest + 1))
