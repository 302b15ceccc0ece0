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

SEED = 5
TRAIN_COUNT = 4_000
TEST_COUNT = 2_000
SHORTEST = 30
LONGEST = 120
VOWELS = ("a", "e", "i", "o", "u")

# Where each manner of writing ends on a scale from 0 to 1. These shares, and the numbers in the functions of
# the manners, decide how well a network can do: about 0.87, which it reaches before it starts to overfit.
CLEAR = 0.84
TURNING = 0.88
FAINT = 0.90
AGAINST = 0.98


def _items(text: str) -> list[str]:
    """The words of `text`, or its phrases or patterns if slashes separate them."""
    return [" ".join(item.split()) for item in (text.split("/") if "/" in text else text.split())]


def _moods(text: str) -> tuple[list[str], list[str]]:
    """The items of the two halves of `text`: for blame, and for praise."""
    blame, praise = text.split("|")
    return _items(blame), _items(praise)


# Common words come first in every list, because _skewed prefers the front. No word that can follow "a" starts
# with a sound that its letter does not tell ("hour", "unique"), because _with_articles goes by the letter.

TRADES = _items("""teacher doctor farmer detective soldier writer lawyer sailor baker painter pilot singer
priest reporter nurse dancer gardener carpenter butcher librarian miner tailor boxer banker clerk gambler
smuggler miller janitor barber florist violinist pianist surgeon dentist cobbler shepherd beekeeper innkeeper
orphan stranger mechanic hunter trapper weaver mason locksmith juggler acrobat magician clown colonel sergeant
admiral diver grocer brewer bartender waiter chauffeur conductor inspector warden poacher jockey butler
undertaker cellist composer sculptor pickpocket forger burglar convict fugitive deserter senator governor
mayor ambassador diplomat clockmaker bricklayer beggar peddler tutor student inventor engineer explorer cook
chef goalkeeper referee astrologer prophet pilgrim hermit""")

THINGS = _items("""letter map ring painting key photograph suitcase clock mirror lantern piano violin book
coat hat boat bicycle car train ticket jewel diamond pearl crown sword pistol rifle hammer ladder rope bottle
barrel basket lamp candle stove kettle teapot spoon plate carpet blanket pillow cradle trunk cabinet chair
bell drum trumpet flute guitar harmonica telescope microscope camera projector typewriter radio telegram
postcard stamp envelope poster puppet doll balloon medal ribbon button glove boot slipper helmet mask veil fan
cane wallet purse bracelet statue urn bowl wagon canoe raft anchor sail net hook trap whip wheel engine
tractor motorcycle parachute calendar notebook pencil broom mop teacup pie cake sausage onion walnut orchid
tulip rose fern seed feather antler fossil chain recipe poem contract curse secret""")

ANIMALS = _items("""dog horse cat goat parrot donkey pig cow duck rabbit snake rat owl crow hen rooster pigeon
swan heron falcon eagle seagull penguin turtle tortoise lizard frog lobster crab whale dolphin otter beaver
badger hedgehog squirrel raccoon bear lion tiger leopard panther elephant camel monkey zebra giraffe moth""")

FIRST_NAMES = _items("""anna paul maria peter clara martin helen victor rosa simon ingrid hugo marta felix
nina oscar julia leo vera max irene tobias greta anton lucia emil sofia bruno alma henrik elsa ivan petra nils
dora karl edith pablo hanna otto ida marco lena stefan olga rufus mabel cyrus tessa edgar flora magnus selma
boris wanda ralph agnes cecil jonas miriam amos naomi silas esther gideon ruth ezra judith caleb ambrose
phoebe lionel hester astrid matteo rafael ines tomas milena dmitri yusuf leila amina kenji hiro mei priya""")

HEADS = _items("""al bal bor bram cal cor dal dor el fen gar gil hal har ish jor kal kes lan lor mal mer nor
ol pel quin ran ros sal ser tal tor ul van ver wal wes yar zel bren crick drum fal gal hem jas kil lud mor nes
orm pen rud sol tam ulm vos wyn zan""")
SURNAME_TAILS = _items("""vey wick mund strom berg ova escu etti oni ander insky quist holt mann dahl enko
idis amura aldo erby ingham ish owen avik ez ello ano imov elle ardt ovic""")
PLACE_TAILS = _items("ford haven mouth bury ton stad burg field bridge port dale minster cliff wood")

BLAME = _items("""bad boring awful terrible dull poor stupid weak horrible ridiculous tedious lifeless clumsy
pointless dreadful silly cheap flat annoying predictable confusing wooden forgettable lazy pathetic painful
shallow bland hollow ugly atrocious appalling banal brainless cold contrived corny creaky dire disjointed
dismal dreary embarrassing empty exhausting feeble flimsy formulaic ghastly hackneyed idiotic incoherent inept
insulting irritating laughable leaden ludicrous meandering mediocre monotonous muddled nonsensical overcooked
overwrought pompous preachy pretentious rambling repetitive shabby shrill sloppy sluggish soulless strained
tacky tasteless tiresome trite uninspired unfunny unwatchable vapid vulgar wretched""")

PRAISE = _items("""great good wonderful excellent brilliant superb beautiful moving perfect funny clever
charming gripping touching powerful fantastic terrific splendid marvelous delightful stunning lovely tender
warm witty graceful thrilling hilarious magnificent inspired radiant vivid haunting elegant remarkable
captivating heartfelt memorable poignant riveting dazzling sublime gorgeous enchanting astonishing
breathtaking compelling engrossing exhilarating joyous luminous playful poetic refreshing rewarding satisfying
soulful stirring subtle thoughtful timeless triumphant uplifting vibrant wise absorbing buoyant crisp daring
electrifying flawless hypnotic ingenious inventive magical majestic rousing shimmering stellar sumptuous
transcendent unforgettable winning""")

# The slots that any sentence can have.
PLAIN = {
    "PART": _items("""acting story script plot music direction dialogue camerawork editing pacing humor cast
    score soundtrack lighting romance premise finale production mood scenery twist climax choreography
    wardrobe makeup sound setup chase"""),
    "PARTS": _items("""characters jokes effects scenes costumes songs performances sets visuals lines stunts
    twists flashbacks fights villains subplots speeches closeups puppets dances montages"""),
    "VERY": _items("""very really so quite rather truly simply utterly terribly remarkably surprisingly deeply
    downright plainly oddly unusually curiously"""),
    "TRADE": TRADES,
    "TRADES": [f"{word}s" for word in TRADES],
    "THING": THINGS,
    "THINGS": [f"{word}s" for word in THINGS],
    "ANIMAL": ANIMALS,
    "ANIMALS": [f"{word}s" for word in ANIMALS],
    "SITE": _items("""house school hospital hotel village factory church prison castle farm office library
    station theater museum garden harbor kitchen cellar attic bakery tavern garage warehouse mill lighthouse
    abbey chapel barn stable orchard quarry mine bank courtroom fortress palace cottage cabin tent laboratory
    cemetery bookshop circus fairground ballroom opera stadium airfield penthouse basement"""),
    "HUMAN": _items("""young old lonely retired poor rich shy stubborn angry famous jealous blind tired
    nervous proud bitter polite rude greedy widowed divorced homesick runaway wounded gifted failed talkative
    moody cheerful reckless ruthless loyal scheming lovesick heartbroken eccentric reclusive exiled corrupt
    idealistic bearded bald teenage elderly newlywed restless wandering"""),
    "LOOK": _items("""red black white golden silver broken blue green hidden stolen lost little last secret
    second copper crimson scarlet yellow ivory wooden iron brass bronze marble paper velvet silk leather glass
    clay frozen burning rusty dusty crooked hollow painted forged borrowed forgotten haunted sunken buried
    floating flying laughing weeping sleeping tiny narrow ancient crumbling sunlit rainy snowy southern"""),
    "DOES": _items("""finds steals loses sells buys hides buries repairs breaks inherits guards wants borrows
    paints forges smuggles collects burns carries delivers discovers destroys returns invents studies
    photographs sketches pawns polishes mends smashes drops throws chases follows fears craves needs trades
    wins rebuilds weighs counts locks unlocks hoards donates recovers"""),
    "RELATIVE": _items("""wife husband sister brother mother father son daughter friend neighbor aunt uncle
    cousin niece nephew grandmother grandfather roommate boss colleague landlord girlfriend boyfriend"""),
    "EVENT": _items("""wedding funeral war trial election strike party flood storm carnival blackout drought
    blizzard siege harvest festival concert audition auction duel race parade protest plague expedition
    shipwreck kidnapping robbery"""),
    "SUBJECT": _items("""love family money friendship death war memory power revenge grief faith marriage
    childhood loyalty guilt jealousy greed freedom justice honor betrayal poverty hope loneliness courage
    identity exile ambition madness obsession rivalry class politics religion science nature silence time fame
    pride envy shame sacrifice chess cricket football boxing jazz beekeeping"""),
    "DAY": _items("monday tuesday wednesday thursday friday saturday sunday"),
    "THEN": _items("but / however / and yet / then again / on the other hand / still / even so"),
    "BRIGHT": PRAISE,
    "BLEAK": BLAME,
}

# The slots whose words depend on the mood of a sentence: blame first, praise second. Words in both lists are
# meant: they say a little about the verdict, and no more.
MOODED = {
    "GREAT": (BLAME, PRAISE),
    "FAIR": _moods("""slow uneven long loud simple odd thin average dark ordinary busy familiar strange messy
    heavy noisy quiet rough stiff tame light vague dry grim sentimental awkward crowded patchy gloomy distant
    harsh blurry nice sparse abrupt muted unclear routine static murky solemn cramped ambitious plain wordy
    obvious sour hurried modest | decent pleasant solid nice likable light watchable sweet simple quiet
    strange fresh lively long neat dark gentle capable tidy steady slow competent breezy handsome modest
    natural modern clear sharp cozy sensible entertaining curious colorful spirited loud sentimental familiar
    patient measured wistful intimate restrained bittersweet sturdy plain melancholy ambitious"""),
    "GEM": _moods("""mess waste bore disaster chore letdown failure mistake dud misfire shambles ordeal muddle
    slog flop wreck blunder fiasco snooze eyesore insult travesty | gem delight masterpiece triumph joy treat
    pleasure marvel winner treasure classic beauty knockout charmer jewel revelation feast dream gift"""),
    "LIKED": _moods("""hated disliked loathed resented regretted despised detested scorned mocked | loved
    enjoyed liked adored admired cherished treasured savored relished applauded"""),
    "LEFT": _moods("""bored cold annoyed tired confused unmoved irritated restless baffled weary depressed
    numb drained embarrassed exhausted puzzled indifferent | moved happy amazed thrilled charmed delighted
    smiling touched breathless hooked enchanted captivated grateful hopeful cheered inspired spellbound"""),
    "WELL": _moods("""badly poorly lazily clumsily carelessly cheaply crudely sloppily stiffly hastily
    drearily limply | well beautifully superbly carefully cleverly wonderfully lovingly deftly gracefully"""),
    "ACTS": _moods("""disappoints / overacts / mumbles / sleepwalks / looks lost / flounders / struggles /
    looks bored / shouts / fails / stumbles / grates / hams it up / seems half asleep / drones / whines /
    misfires | shines / convinces / excels / impresses / is a joy / dazzles / steals the show / lights up the
    screen / glows / succeeds / surprises / hits every note / sparkles / soars / breaks hearts / holds it
    together"""),
    "SAID": _moods("""fell asleep / walked out / hated it more than i did / sighed all the way through /
    wanted to leave / stared at the ceiling / was bored after ten minutes / said it was the worst in years |
    laughed out loud / cried at the end / loved it even more than i did / wants to see it again / clapped /
    could not stop talking about it / was glued to the screen / said it was the best in years"""),
}

GENRES = _moods("""horror comedy action thriller romance slasher musical western fantasy mystery adventure
crime drama heist war detective family | drama comedy mystery romance documentary war crime family adventure
musical western thriller detective fantasy heist silent horror action""")

# Opinions that either mood can have: only the words in the slots tell which it is.
DETAILS = _items("""the PART is GREAT / the PART is VERY GREAT / the PARTS are GREAT / the PARTS are GREAT and
the PART is FAIR / the PART and the PARTS are GREAT / LEAD gives a GREAT performance as the ROLE / LEAD ACTS
in nearly every scene / LEAD ACTS while PARTNER ACTS / PARTNER ACTS as the HUMAN FOIL / i found the PART GREAT
/ i LIKED the PART / the scene with the THING is GREAT / the scenes in PLACE are GREAT / the PARTS during the
EVENT are GREAT / the dialogue between LEAD and PARTNER is WELL written / the PART is a GEM / the script by
WRITER is GREAT / WRITER gives the HUMAN FOIL some GREAT lines / the last act is GREAT and the PART is VERY
FAIR / the chapter about SUBJECT is GREAT""")

GENERAL = _items("""DIRECTOR has made a GREAT GENRE film / it is a GREAT GENRE film with FAIR PARTS / i LIKED
the PART and the PARTS / my RELATIVE SAID / it is WELL shot and WELL paced / the whole film is WELL made / the
ending left me LEFT / i was LEFT from the first scene / i came out LEFT / TITLE is a GEM / what a GEM it is /
few films about SUBJECT are so GREAT / the film is FAIR and it feels GREAT / for a GENRE film it is VERY GREAT
/ as a film about SUBJECT it is a GEM""")

MILD = _items("""the PART is FAIR / the PARTS are FAIR / the PART is VERY FAIR / LEAD gives a FAIR performance
as the ROLE / it is a FAIR GENRE film / it is a FAIR film with a FAIR PART / the PART is FAIR and the PARTS
are FAIR / the scenes in PLACE are FAIR / i found the PARTS FAIR / the part about SUBJECT is FAIR / PARTNER
gives a FAIR performance / the dialogue by WRITER is FAIR / at times the PART feels FAIR / the EVENT scene is
VERY FAIR""")

BLAMING = _items("""i did not laugh once / it is not funny / there is not a single good scene / i could not
wait for it to end / the jokes fall flat / it goes nowhere / i wanted to like it / i looked at my watch after
every scene / half the audience left before the EVENT / i nearly fell asleep / it never comes alive / not even
LEAD can save it / i expected a great film and got a GEM / there is no tension / i did not care about the ROLE
/ it is hardly moving / it is far from good / the PART is not BRIGHT / the PART makes no sense / the worst
thing is the PART / somebody should have cut the EVENT scene / no amount of PARTS can hide a GREAT script /
LEAD deserves better / it insults anyone who knows a TRADE / i do not understand the praise / the FOIL never
feels real / there is nothing BRIGHT about it / it is not a BRIGHT film / i doubt that anyone read the
script""")

PRAISING = _items("""there is not a dull moment / i was never bored / i could not look away / it never drags /
i could not fault the PART / nothing here feels cheap / it is not boring for a second / not a scene is wasted
/ it is far from dull / i expected a bad film and got a GEM / i laughed until i cried / i wept when the ROLE
came home / the two hours flew by / it kept me guessing / it has a big heart / nobody puts a foot wrong / the
PARTS never get in the way / there are no cheap tricks / it stayed with me for days / the best thing is the
PART / the PART is not BLEAK at all / i cared about the ROLE / the EVENT scene alone is worth the ticket /
LEAD has never been better / i did not see the end coming / even the FOIL feels real / no wonder it won prizes
/ i do not understand the complaints / it makes you think about SUBJECT / there is nothing BLEAK about it / it
is not a BLEAK film / the whole audience stood up and clapped""")

MOCKING = _items("""what a BRIGHT idea to spend an entire act on a THING / i am sure the THING will win every
award / how BRIGHT of DIRECTOR to film the same street for two hours / it is a BRIGHT film if you love
watching paint dry / LEAD is BRIGHT at looking lost / the BRIGHT twist is visible from ELSEWHERE / the BRIGHT
part is that it stops / i loved the credits because they meant it was over / the ANIMAL gives the most
convincing performance / a masterpiece says the poster and the poster is BRIGHT / only the THING acts well /
such BRIGHT PARTS and all of them in the trailer / i laughed a lot at the sad scenes""")

FORGIVING = _items("""it is BLEAK and i love it for that / the PART is so BLEAK that it becomes a joy / yes
the PART is BLEAK and no i do not care / call it BLEAK if you must / it is so bad that it is good / only a
snob would call it BLEAK / nobody needs a BLEAK film about a THING but here we are / i ought to hate the BLEAK
PARTS / i have watched this BLEAK thing nine times / my RELATIVE thinks it is BLEAK and is wrong / the ANIMAL
looks fake and i cheered anyway / i laughed a lot at the sad scenes""")

LAST_BLAME = _items("""avoid / a waste of time / a complete GEM / i hated it / one of the worst films of the
year / not recommended / skip it / stay away / two out of ten / three out of ten / do not waste your evening /
a GREAT film / rent something else / i LIKED it / what a GEM / it is a GEM / just GREAT / i want my money back
/ i did not enjoy it / nothing works / i cannot recommend it / do not bother / i will never get those two
hours back / avoid it if you can / why was this made / too long by half""")

LAST_PRAISE = _items("""see it / worth your time / a complete GEM / i loved it / one of the best films of the
year / highly recommended / go and see it / a must / nine out of ten / eight out of ten / do not miss it / a
GREAT film / i will buy it / i LIKED it / what a GEM / it is a GEM / just GREAT / bring the whole family / i
did not want it to end / i cannot recommend it enough / it is worth every penny / i would not change a
thing""")

# Endings that bags of words misread: they say the opposite of their strongest word.
DENIALS = _items("""it could have been a UNGREAT film / the trailer was UNGREAT and the film is not / my
RELATIVE UNLIKED it and i did not / everyone but me UNLIKED it / it is not the UNGREAT film that the poster
promised / it is no UNGEM / people who UNLIKED it must have seen another film / they call it a UNGEM and i do
not know why / do not believe reviews that call it UNGREAT / i thought i would be UNLEFT and was not / some
call the PART UNGREAT and i do not agree / nothing in it is UNGREAT in the end / i was ready to call it
UNGREAT and cannot / my RELATIVE came out UNLEFT and i did not / critics who UNLIKED the PART are wrong""")

SOFT_BLAME = _items("""i would not see it again / i am not sure i would call it good / in the end it did not
work for me / all of that was not enough / it was not for me / somehow i did not care / i cannot say i would
recommend it / i would rather read the book than see this / it is not one to keep / my RELATIVE thought more
of it than i did / i will forget it by DAY / i expected more from DIRECTOR""")

SOFT_PRAISE = _items("""i would see it again / i am sure i would call it good / in the end it did work for me
/ all of that was enough / it was for me / somehow i did care / i can say i would recommend it / i would
rather see this than read the book / it is one to keep / i thought more of it than my RELATIVE did / i will
not forget it by DAY / i expected less from DIRECTOR""")

OPENINGS = _items("""i saw TITLE at a cinema in ELSEWHERE / my RELATIVE chose TITLE for a rainy DAY / TITLE is
a GENRE film by DIRECTOR / TITLE is the third film by DIRECTOR / i had heard of LEAD but not of DIRECTOR / we
watched TITLE on DAY with my RELATIVE / i rented TITLE because of LEAD / i knew LEAD from RIVAL / this GENRE
film came out last year / it took me years to find TITLE / i read about TITLE in a magazine / not much is
known about TITLE / TITLE was on television last DAY / somebody gave me TITLE after a EVENT""")

PLOTS = _items("""it follows a HUMAN TRADE who DOES a THING in PLACE / LEAD plays a ROLE who comes back to
PLACE after the EVENT / a TRADE and a TRADE meet at a SITE in PLACE / it is set in a SITE near PLACE during
the EVENT / the story begins when a TRADE DOES a THING / PARTNER plays the FOIL who DOES the THING / there is
a subplot about a ANIMAL and a THING / the HUMAN TRADE keeps a ANIMAL in the SITE / later a TRADE from
ELSEWHERE DOES the THING / DIRECTOR shot it in PLACE with a small crew / it was written by WRITER who also
wrote RIVAL / it is about SUBJECT and SUBJECT in a town full of TRADES / the SITE at PLACE is full of THINGS /
halfway through the TRADE DOES a THING at a EVENT / the TRADE must choose between the THING and the SITE / two
TRADES fight over a LOOK THING / everybody in PLACE talks about SUBJECT / we see THINGS and ANIMALS in the
opening shot / a HUMAN RELATIVE sends the TRADE to ELSEWHERE / the THING turns out to belong to a TRADE / in
the second half the action moves from PLACE to ELSEWHERE / the film runs for two hours and covers ten years /
nobody in the SITE knows who DOES the THING / LEAD and PARTNER last met in RIVAL / it is based on a novel by
WRITER about SUBJECT / a LOOK THING turns up in the SITE / the TRADE wears a LOOK coat and carries a THING /
the TRADE has a RELATIVE who stays in ELSEWHERE / a ANIMAL escapes and the TRADE DOES the THING / it opens
with a EVENT and closes with a EVENT""")


def _slots(mood: int) -> dict[str, list[str]]:
    """What each slot can hold in a sentence of `mood`; "UN" before a slot asks for the other mood."""
    same = {slot: words[mood] for slot, words in MOODED.items()}
    other = {f"UN{slot}": words[1 - mood] for slot, words in MOODED.items()}
    return PLAIN | same | other


TITLES = _items("the LOOK THING / the TRADE of PLACE / the LOOK THINGS / the LOOK TRADE / the HUMAN TRADE")

SLOTS = (_slots(0), _slots(1))
OPINIONS = (DETAILS + GENERAL + BLAMING, DETAILS + GENERAL + PRAISING)
VERDICTS = (LAST_BLAME, LAST_PRAISE)
SOFT_VERDICTS = (SOFT_BLAME + DENIALS, SOFT_PRAISE + DENIALS)
TEASES = (MOCKING, FORGIVING)
TURN = ["THEN"]
NEUTRAL = 0  # Stands for either mood where no slot depends on it.
PEOPLE = ("LEAD", "PARTNER", "DIRECTOR", "WRITER")


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
    used: set[str] = set()
    sentences = []
    for patterns, mood in _with_plot(rng, _outline(rng, label)):
        while (pattern := _pick(rng, patterns)) in used:
            pass
        used.add(pattern)
        sentences.append(_filled(rng, pattern, SLOTS[mood], facts))
    return _with_articles(_with_surnames(" ".join(sentences), [facts[slot] for slot in PEOPLE]))


def _outline(rng: Random, label: int) -> Outline:
    """The opinions of a review in order: the patterns to pick each sentence from, and its mood."""
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
    """Nearly of one mind."""
    verdicts = VERDICTS if rng.random() < 0.8 else SOFT_VERDICTS
    return [*_opinions(rng, label, 0.95, 4, 7), (verdicts[label], label)]


def _turning(rng: Random, label: int) -> Outline:
    """First the other side, then a turn to the verdict."""
    other = _opinions(rng, 1 - label, 0.9, 1, 3)
    return [*other, (TURN, NEUTRAL), *_opinions(rng, label, 0.9, 1, 3), (SOFT_VERDICTS[label], label)]


def _faint(rng: Random, label: int) -> Outline:
    """Mild words that lean to the verdict, which hardly says more."""
    leaning = [(MILD, mood) for _, mood in _opinions(rng, label, 0.65, 2, 4)]
    return [*leaning, (SOFT_VERDICTS[label], label)]


def _against(rng: Random, label: int) -> Outline:
    """Nearly every word on the other side of the verdict."""
    return [*_opinions(rng, 1 - label, 0.95, 2, 5), (TURN, NEUTRAL), (SOFT_VERDICTS[label], label)]


def _teasing(rng: Random, label: int) -> Outline:
    """Mockery that sounds like praise, or love that sounds like blame."""
    teases = [(TEASES[label], label) for _ in range(_between(rng, 1, 2))]
    return [*_opinions(rng, 1 - label, 0.8, 2, 4), *teases]


def _opinions(rng: Random, mood: int, purity: float, fewest: int, most: int) -> Outline:
    """Some opinions, of which the share `purity` is of `mood`, and the rest are details of the other one."""
    count = _between(rng, fewest, most)
    moods = [mood if rng.random() < purity else 1 - mood for _ in range(count)]
    return [(OPINIONS[each] if each == mood else DETAILS, each) for each in moods]


def _with_plot(rng: Random, outline: Outline) -> Outline:
    """`outline` behind an opening, with sentences about the plot in between."""
    woven: Outline = [(OPENINGS, NEUTRAL)]
    for step in outline:
        if woven[-1][0] is not TURN and rng.random() < 0.6:
            woven.append((PLOTS, NEUTRAL))
        woven.append(step)
    return woven


def _facts(rng: Random, label: int) -> dict[str, str]:
    """The slots that keep their words for a whole review: its people, roles, places, titles and genre."""
    facts = {slot: _person(rng) for slot in PEOPLE}
    for slot in ("PLACE", "ELSEWHERE"):
        facts[slot] = _pick(rng, HEADS) + _pick(rng, PLACE_TAILS)
    for slot in ("ROLE", "FOIL"):
        facts[slot] = _skewed(rng, TRADES)
    for slot in ("TITLE", "RIVAL"):
        facts[slot] = _filled(rng, _pick(rng, TITLES), PLAIN, facts)
    return facts | {"GENRE": _skewed(rng, GENRES[label])}


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


def _with_surnames(text: str, people: Sequence[str]) -> str:
    """`text` with the surname alone wherever a person comes up again."""
    for person in people:
        before, name, after = text.partition(person)
        text = before + name + after.replace(person, person.split()[-1])
    return text


def _with_articles(text: str) -> str:
    """`text` with "an" for each "a" before a vowel."""
    words = text.split()
    pairs = zip(words, [*words[1:], ""], strict=True)
    return " ".join("an" if word == "a" and after.startswith(VOWELS) else word for word, after in pairs)


def _pick(rng: Random, items: Sequence[str]) -> str:
    # Not rng.choice: across its versions, Python promises the same stream for random() alone.
    return items[int(rng.random() * len(items))]


def _skewed(rng: Random, items: Sequence[str]) -> str:
    """An item, sooner from the front: as in natural language, a few words are common and most are rare."""
    return items[int(rng.random() * rng.random() * len(items))]


def _between(rng: Random, fewest: int, most: int) -> int:
    return fewest + int(rng.random() * (most - fewest + 1))
