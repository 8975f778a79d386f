"""What may happen in ten years, as the rules of a state machine: each is one step of a run."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support import DAY
from years.model import HOUR
from years.tokens import YEAR, Certificate, License, Place, RevocationList, altered, cut, sign
from years.vendors import ACME, ACME_KEY, BOLT, BOLT_KEY, MODULES, START, SigningKey, Vendor
from years.world import World, binding_of, forger

some = st.integers(0, 9)
issuers = st.sampled_from([ACME, ACME, BOLT])
PAUSES = (0, 0, DAY, 0, 30 * DAY, 0, 0, 100 * DAY)
"""What goes by between two steps."""

durations = st.sampled_from([HOUR, DAY, 7 * DAY, 13 * DAY, 31 * DAY, 60 * DAY])
seasons = st.sampled_from([100 * DAY, 200 * DAY, 300 * DAY, YEAR])
offsets = st.sampled_from([0, 0, HOUR, 47 * HOUR, 30 * DAY, 3 * YEAR, 8 * YEAR, -DAY, -20 * DAY, -2 * YEAR])


class Years(RuleBasedStateMachine):
    """What may happen. After each step every database is asked about every module, and each law must hold.

    Numbers choose among what there is, modulo its length.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize(days=st.sampled_from([100, 365, 3 * 365]), binding=some)
    def the_first_customer(self, days: int, binding: int) -> None:
        """Has a license of each vendor."""
        here = self.world.database(0)
        for issuer, vendor in self.world.vendors.items():
            end = START + days * DAY
            bound = binding_of(binding, here.place)
            license_ = License(
                vendor.jti(), issuer, START, MODULES[issuer], end, None, end + 14 * DAY, binding=bound
            )
            self.world.paste(here, self.world.issue(vendor, license_))

    # -- time and clocks

    @rule(seconds=durations)
    def time_passes(self, seconds: int) -> None:
        """Hours to two months pass."""
        self.world.pass_time(seconds)

    @rule(seconds=seasons)
    def seasons_pass(self, seconds: int) -> None:
        """Up to a year passes."""
        self.world.pass_time(seconds)

    @rule(database=some, offset=offsets)
    def somebody_sets_the_clock(self, database: int, offset: int) -> None:
        """Right again, or hours to years wrong."""
        self.world.set_clock(self.world.database(database), offset)

    @rule(database=some, years=st.integers(1, 8), back=st.sampled_from([0, 0, 0, -DAY]))
    def the_clock_is_years_ahead_for_a_moment(self, database: int, years: int, back: int) -> None:
        """The database is used meanwhile."""
        here = self.world.database(database)
        self.world.set_clock(here, years * YEAR)
        self.world.check()
        self.world.set_clock(here, back)

    @rule(database=some, stores=st.booleans())
    def the_database_can_be_written_or_not(self, database: int, stores: bool) -> None:
        """What is to be remembered is stored from now on, or it is not."""
        self.world.database(database).stores = stores

    # -- licenses

    @rule(
        issuer=issuers,
        database=some,
        days=st.sampled_from([None, 10, 60, 365, 365, 1000]),
        begins=st.sampled_from([None, None, 20]),
        grace=st.sampled_from([None, 14, 30]),
        users=st.booleans(),
        module=st.sampled_from(["", "", "", "", "", "*", "other"]),
        versions=st.sampled_from([("18",), ("17", "18"), ("18",), ("18",), ("17",)]),
        binding=some,
        move_days=st.sampled_from([None, None, 0, 90]),
        oldest_key=st.booleans(),
        pasted=st.sampled_from([True, True, True, False]),
    )
    def a_license_is_issued(
        self,
        *,
        issuer: str,
        database: int,
        days: int | None,
        begins: int | None,
        grace: int | None,
        users: bool,
        module: str,
        versions: tuple[str, ...],
        binding: int,
        move_days: int | None,
        oldest_key: bool,
        pasted: bool,
    ) -> None:
        """Of any kind, for a place that there is."""
        vendor, now = self.world.vendors[issuer], self.world.now
        here = self.world.database(database)
        name = {"": MODULES[issuer], "*": f"{issuer.lower()}_*"}.get(module, f"{issuer.lower()}_other")
        exp = now + days * DAY if days else None
        license_ = License(
            jti=vendor.jti(),
            iss=issuer,
            iat=now,
            module=name,
            exp=exp,
            nbf=now + begins * DAY if begins and (not days or days > begins) else None,
            grace_until=exp + grace * DAY if exp and grace else None,
            users_from=exp - 7 * DAY if exp and users else None,
            versions=versions,
            binding=binding_of(binding, here.place),
            move_days=move_days,
        )
        tokens = self.world.issue(vendor, license_, oldest_key=oldest_key)
        if pasted:
            self.world.paste(here, tokens)

    @rule(issuer=issuers, database=some, in_advance=st.booleans(), pasted=st.booleans())
    def a_license_is_renewed(self, issuer: str, database: int, in_advance: bool, pasted: bool) -> None:
        """From now, or from the end of the one before."""
        here = self.world.database(database)
        tokens = self.world.renew(self.world.vendors[issuer], here, in_advance=in_advance)
        if pasted:
            self.world.paste(here, tokens)

    # -- pasting

    @precondition(lambda self: self.world.sent)
    @rule(database=some, places=st.lists(st.integers(0, 60), min_size=1, max_size=5), times=st.integers(1, 2))
    def anything_sent_is_pasted(self, database: int, places: list[int], times: int) -> None:
        """New or old, alone or together, in any order, once or twice."""
        sent = self.world.sent
        tokens = [sent[place % len(sent)] for place in places]
        self.world.paste(self.world.database(database), tokens, times=times)

    @precondition(lambda self: self.world.sent)
    @rule(
        database=some,
        place=st.integers(0, 60),
        how=st.sampled_from(["cut", "altered", "other key"]),
        part=some,
    )
    def something_broken_is_pasted(self, database: int, place: int, how: str, part: int) -> None:
        """Cut short, changed, or signed again with a key of nobody's."""
        token = self.world.sent[place % len(self.world.sent)]
        broken = {
            "cut": lambda: cut(token, part),
            "altered": lambda: altered(token, 31 * part),
            "other key": lambda: sign(
                token.content, token.kid, forger(part), by="forger", flaw="bad_signature"
            ),
        }[how]()
        self.world.paste(self.world.database(database), [broken])

    @rule(database=some, number=some)
    def a_forger_certifies_a_key(self, database: int, number: int) -> None:
        """By itself, or in the name of a root or of another key."""
        key, now = forger(number), self.world.now
        license_ = License(self.world.vendors[ACME].jti(), ACME, now, MODULES[ACME], now + 9 * YEAR)
        certificate = Certificate(ACME, now, key)
        named = (
            sign(certificate, "acme-root-2", key, by="forger", flaw="bad_signature"),
            sign(certificate, key.thumbprint, key, by="forger"),
            sign(certificate, "acme-2026", ACME_KEY.pair, by="forger"),
        )
        license_token = sign(license_, key.thumbprint, key, by="forger")
        self.world.paste(self.world.database(database), [named[number % 3], license_token])

    @rule(
        database=some,
        how=st.sampled_from(["license", "wide license", "certificate", "list", "certified key"]),
    )
    def a_vendor_signs_for_another(self, database: int, how: str) -> None:
        """With its own root: licenses, lists and certificates that are not for it to sign."""
        acme, now, pair = self.world.vendors[ACME], self.world.now, BOLT_KEY.pair
        known = tuple(token.content.jti for token in acme.issued if isinstance(token.content, License))
        license_ = License(acme.jti(), ACME, now, MODULES[ACME], now + 9 * YEAR)
        wide = License(acme.jti(), BOLT, now, MODULES[ACME], now + 9 * YEAR)
        key = acme.keys[-1]
        contents: dict[str, list[License | Certificate | RevocationList]] = {
            "license": [license_],
            "wide license": [wide],
            "certificate": [Certificate(ACME, now, forger(1))],
            "list": [RevocationList(ACME, now, now + 9 * YEAR, known, tuple(key.kid for key in acme.keys))],
            "certified key": [
                Certificate(BOLT, now, key.pair, modules=("bolt_pos",)),
                RevocationList(BOLT, now, self.world.vendors[BOLT].next_seq(now), known, (key.kid,)),
            ],
        }
        tokens = [sign(content, BOLT_KEY.kid, pair, by="stranger") for content in contents[how]]
        self.world.paste(self.world.database(database), self.world.send(tokens))

    @precondition(lambda self: any(database.tokens for database in self.world.databases))
    @rule(database=some, place=st.integers(0, 40))
    def a_token_is_removed(self, database: int, place: int) -> None:
        """The administrator takes one away."""
        tokens = self.world.database(database).tokens
        if tokens:
            tokens.pop(place % len(tokens))

    # -- moving house

    @rule(database=some, same_address=st.booleans(), operators=st.booleans())
    def a_database_moves(self, database: int, same_address: bool, operators: bool) -> None:
        """To another cluster: another UUID, perhaps another address."""
        here = self.world.database(database)
        place = self.world.new_place(domain=here.place.domain if same_address else None)
        here.place = Place(
            place.database_uuid, place.domain, here.place.instance_id if operators else place.instance_id
        )

    @rule(database=some)
    def the_address_changes(self, database: int) -> None:
        """The database stays what it is."""
        here = self.world.database(database)
        here.place = Place(here.place.database_uuid, self.world.new_place().domain, here.place.instance_id)

    @rule(database=some)
    def a_database_comes_back(self, database: int) -> None:
        """It is again what it was at first."""
        here = self.world.database(database)
        here.place = here.home

    @rule(database=some, neutralized=st.booleans(), same_address=st.booleans())
    def a_database_is_duplicated(self, database: int, neutralized: bool, same_address: bool) -> None:
        """With what it remembers; as staging copy or not."""
        here = self.world.database(database)
        self.world.duplicate(here, neutralized=neutralized, same_address=same_address)

    @precondition(lambda self: len(self.world.databases) < 3)
    @rule()
    def another_customer_comes(self) -> None:
        """With an empty database."""
        self.world.open_database()

    # -- keys and revocation

    @rule(
        issuer=issuers,
        years=st.integers(1, 2),
        lists_too=st.booleans(),
        narrow=st.booleans(),
        again=st.booleans(),
        root=st.integers(0, 1),
    )
    def a_key_is_certified(
        self, *, issuer: str, years: int, lists_too: bool, narrow: bool, again: bool, root: int
    ) -> None:
        """A new one, or the last one for longer; for all modules or one."""
        vendor = self.world.vendors[issuer]
        key = vendor.certify(
            self.world.now, years=years, lists_too=lists_too, narrow=narrow, again=again, root=root
        )
        self.world.send(key.certificates)

    @rule()
    def a_root_is_lost(self) -> None:
        """From now on the other one certifies."""
        self.world.vendors[ACME].roots = self.world.vendors[ACME].roots[-1:]

    @rule(database=some)
    def a_wheel_without_the_first_root_is_installed(self, database: int) -> None:
        """What the first root certified is not known any more."""
        self.world.database(database).wheel = 1

    @rule(issuer=issuers, place=some, by_root=st.booleans(), database=some, pasted=st.booleans())
    def a_license_is_revoked(
        self, issuer: str, place: int, by_root: bool, database: int, pasted: bool
    ) -> None:
        """On a list by a root, or by a signing key."""
        vendor = self.world.vendors[issuer]
        if vendor.issued:
            content = vendor.issued[-1 - place % len(vendor.issued)].content
            assert isinstance(content, License)
            vendor.revoked.append(content.jti)
        tokens = self.world.send(vendor.revocation_list(self.world.now, by_root=by_root))
        if pasted:
            self.world.paste(self.world.database(database), tokens)

    @rule(number=some, database=some, back=seasons, same_id=st.booleans(), pasted=st.booleans())
    def the_thief_signs_a_license(
        self, number: int, database: int, back: int, same_id: bool, pasted: bool
    ) -> None:
        """Backdated, perhaps under the id of a license that there is."""
        vendor, key = self.stolen_key(number)
        iat = max(key.begin, START, self.world.now - back)
        issued = [token.content.jti for token in vendor.issued if isinstance(token.content, License)]
        jti = issued[number % len(issued)] if same_id and issued else vendor.jti()
        license_ = License(jti, vendor.issuer, iat, MODULES[vendor.issuer], self.world.now + 9 * YEAR)
        tokens = self.world.thief_license(key, license_)
        if pasted:
            self.world.paste(self.world.database(database), tokens)

    @rule(number=some, database=some, back=seasons)
    def the_thief_signs_a_list(self, number: int, database: int, back: int) -> None:
        """Of all licenses that there are, and newer than any honest list."""
        vendor, key = self.stolen_key(number)
        iat = max(key.begin, START, self.world.now - back)
        known = tuple(token.content.jti for token in vendor.issued if isinstance(token.content, License))
        tokens = self.world.thief_list(vendor.issuer, key, iat, known)
        self.world.paste(self.world.database(database), tokens)

    @rule(number=some, database=some, pasted=st.sampled_from([True, True, False]), reissued=st.booleans())
    def the_theft_is_noticed(self, number: int, database: int, pasted: bool, reissued: bool) -> None:
        """A root withdraws the key; what it had signed is issued anew, or is not yet."""
        vendor, key = self.stolen_key(number)
        vendor.revoked_keys.append(key.kid)
        tokens = self.world.send(vendor.revocation_list(self.world.now, by_root=True))
        if reissued:
            tokens += self.world.send(vendor.reissue(key.kid, self.world.now))
        if pasted:
            self.world.paste(self.world.database(database), tokens)

    def stolen_key(self, number: int) -> tuple[Vendor, SigningKey]:
        """Choose the key of Acme that a thief has: any."""
        vendor = self.world.vendors[ACME]
        return vendor, vendor.keys[-1 - number % len(vendor.keys)]

    @invariant()
    def each_law_holds(self) -> None:
        """Ask every database; then some time goes by, or none."""
        self.world.check()
        self.world.pass_time(PAUSES[self.world.steps % len(PAUSES)])
