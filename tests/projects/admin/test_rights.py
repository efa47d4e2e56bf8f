"""Rights of readers, trainers, owners and strangers on a project."""

from types import SimpleNamespace

import pytest

from tests.projects import made
from tests.projects.made import fresh

MISSING, DENIED = "42704", "42501"
STRANGER, READER, TRAINER, OWNER = "stranger", "reader", "trainer", "owner"
SEE = {READER, TRAINER, OWNER}
TRAIN = {TRAINER, OWNER}
ACTIONS = {
    "SELECT pgml.predict('{name}', 2.0)": SEE,
    "SELECT pgml.predict({model}, 2.0)": SEE,
    "SELECT pgml.deploy('{name}')": TRAIN,
    "SELECT pgml.deploy({model})": TRAIN,
    "SELECT pgml.deploy('{name}', 'most_recent')": TRAIN,
    "SELECT pgml.__write('lock', {project}::bigint)": TRAIN,
    "SELECT pgml.__write('add_snapshot', {project}::bigint, {facts})": TRAIN,
    "SELECT pgml.__write('add_model', {project}::bigint, {snapshot}::bigint, {new}, ''::bytea)": TRAIN,
    "SELECT pgml.__write('add_trials', {model}::bigint, '[]'::jsonb)": TRAIN,
    "SELECT pgml.drop_model({spare})": {OWNER},
    "SELECT pgml.drop_snapshot({spare_snapshot})": {OWNER},
    "SELECT pgml.drop_project('{name}')": {OWNER},
    "SELECT pgml.grant_project('{name}', 'madpy', 'trainer')": {OWNER},
    "SELECT pgml.revoke_project('{name}', 'madpy')": {OWNER},
    "SELECT pgml.transfer_project('{name}', current_user)": {OWNER},
}


@pytest.fixture
def cast(sql, schema, table, roles, connect):
    """Sessions of four roles, and a project of the owner's that a reader and a trainer may use."""
    names = {who: roles(who) for who in (STRANGER, READER, TRAINER, OWNER)}
    sessions = {who: connect(user=role) for who, role in names.items()}
    name, owner = fresh(), sessions[OWNER]
    sql(f"ALTER TABLE t OWNER TO {names[OWNER]}")
    owner(f"SET search_path = {schema}")
    project = made.project(owner, name)
    snapshot, spare_snapshot = (made.snapshot(owner, project) for _ in range(2))
    trained = made.ridge(owner)
    model, spare = (made.model(owner, project, snapshot, trained, score=score) for score in (0.9, 0.1))
    made.deploy(owner, model)
    for who in (READER, TRAINER):
        owner(f"SELECT pgml.grant_project('{name}', '{names[who]}', '{who}')")
    return SimpleNamespace(
        names=names, sessions=sessions, name=name, project=project, snapshot=snapshot,
        spare_snapshot=spare_snapshot, model=model, spare=spare,
    )  # fmt: skip


def filled(cast, action):
    return action.format(facts=made.as_json(made.SNAPSHOT), new=made.as_json(made.FACTS), **vars(cast))


@pytest.mark.parametrize("who", [STRANGER, READER, TRAINER, OWNER])
@pytest.mark.parametrize("action", ACTIONS)
def test_each_may_do_what_its_access_is_for(cast, action, who):
    session, statement = cast.sessions[who], filled(cast, action)
    if who in ACTIONS[action]:
        session(statement)
        return
    error = session.fails(statement)
    if who == STRANGER:
        assert error.sqlstate == MISSING
        assert "does not exist" in error.message
        assert cast.names[OWNER] not in str(error)
    else:
        assert error.sqlstate == DENIED
        assert error.message.endswith(f'permission denied for project "{cast.name}"')
        assert error.hint == f"Ask its owner, role {cast.names[OWNER]}, for the right."


@pytest.mark.parametrize("view", made.VIEWS)
def test_who_sees_what(cast, sql, view):
    made.write(sql, "add_trials", f"{cast.model}::bigint, {made.as_json([{**made.FACTS, 'trial': 1}])}")
    rows = {who: session(f"SELECT FROM pgml.{view}") for who, session in cast.sessions.items()}
    assert rows[STRANGER] == []
    assert len(rows[READER]) == len(rows[TRAINER]) == len(rows[OWNER]) > 0


USES = (
    "SELECT FROM {}", "DELETE FROM {}", "BEGIN; LOCK {}", "TRUNCATE {}", "CREATE TABLE x (LIKE {})",
)  # fmt: skip


def test_the_tables_are_nobodys(cast, sql):
    tables = sql(
        """
        SELECT oid::regclass FROM pg_class
        WHERE relnamespace = 'pgml'::regnamespace AND relkind = 'r' AND starts_with(relname, '__')
        """
    )
    assert len(tables) == 5
    owner = cast.sessions[OWNER]
    for statement in [use.format(name) for (name,) in tables for use in USES]:
        assert owner.fails(statement).sqlstate == DENIED, statement
        owner("ROLLBACK")
    assert owner.fails("CREATE TABLE pgml.mine ()").sqlstate == DENIED
    assert owner.fails("DELETE FROM pgml.projects").sqlstate == DENIED


def test_rights_that_are_taken_end_at_once(cast):
    owner, reader = cast.sessions[OWNER], cast.sessions[READER]
    owner(f"SELECT pgml.revoke_project('{cast.name}', '{cast.names[READER]}')")
    owner(f"SELECT pgml.revoke_project('{cast.name}', '{cast.names[TRAINER]}')")
    assert owner(
        f"SELECT readers::text[], trainers::text[] FROM pgml.projects WHERE name = '{cast.name}'"
    ) == [([], [])]
    assert reader("SELECT FROM pgml.projects") == cast.sessions[TRAINER]("SELECT FROM pgml.projects") == []
    assert reader.fails(f"SELECT pgml.predict('{cast.name}', 1.0)").sqlstate == MISSING


def test_a_grant_adds_to_what_a_role_may(cast, sql):
    access = f"SELECT readers::text[], trainers::text[] FROM pgml.projects WHERE name = '{cast.name}'"
    owner, reader, trainer = cast.sessions[OWNER], cast.names[READER], cast.names[TRAINER]
    owner(f"SELECT pgml.grant_project('{cast.name}', '{trainer}')")
    assert owner(access) == [([reader, trainer], [trainer])]
    owner(f"SELECT pgml.grant_project('{cast.name}', '{reader}', 'trainer')")
    owner(f"SELECT pgml.grant_project('{cast.name}', '{reader}', 'trainer')")
    assert owner(access) == [([trainer], [trainer, reader])]


def test_members_have_what_their_group_has(cast, sql, roles, connect):
    group, heir, other = roles("group", "NOLOGIN"), roles("heir"), roles("other", "LOGIN NOINHERIT")
    sql(f"GRANT {group} TO {heir}, {other}")
    cast.sessions[OWNER](f"SELECT pgml.grant_project('{cast.name}', '{group}')")
    assert connect(user=heir).value("SELECT name FROM pgml.projects") == cast.name
    session = connect(user=other)
    assert session("SELECT FROM pgml.projects") == []
    session(f"SET ROLE {group}")
    assert session.value(f"SELECT round(pgml.predict('{cast.name}', 2.0))") == 7


def test_a_team_shares_what_its_role_has_and_owns(cast, sql, roles, connect):
    """GRANT of membership makes trainers, and owners; REVOKE ends it."""
    trainers, team, ann = roles("trainers", "NOLOGIN"), roles("team", "NOLOGIN"), roles("ann")
    session = connect(user=ann)
    train = f"SELECT status FROM pgml.train('{cast.name}', 'regression', 'mine', 'y', 'linear')"
    session("CREATE TEMP TABLE mine AS SELECT i::float8 AS x, 3.0 * i AS y FROM generate_series(1, 40) AS i")
    cast.sessions[OWNER](f"SELECT pgml.grant_project('{cast.name}', '{trainers}', 'trainer')")
    assert session.fails(train).message == f'pgml.train: another role has a project "{cast.name}"'
    sql(f"GRANT {trainers} TO {ann}")
    session(train)
    session(f"SELECT pgml.deploy('{cast.name}', 'most_recent')")
    assert session.fails(f"SELECT pgml.drop_project('{cast.name}')").sqlstate == DENIED
    sql(f"REVOKE {trainers} FROM {ann}")
    assert session.fails(f"SELECT pgml.deploy('{cast.name}')").sqlstate == MISSING
    sql(f"GRANT {team} TO {ann}, {cast.names[OWNER]}")
    cast.sessions[OWNER](f"SELECT pgml.transfer_project('{cast.name}', '{team}')")
    session(train)
    session(f"SELECT pgml.grant_project('{cast.name}', '{cast.names[STRANGER]}')")
    assert session.value(f"SELECT owner::text FROM pgml.projects WHERE name = '{cast.name}'") == team
    session(f"SELECT pgml.drop_project('{cast.name}')")


def test_a_project_that_a_team_trains_first_is_the_teams(sql, roles, connect, name):
    team, ann, bob = roles("team", "NOLOGIN"), roles("ann"), roles("bob")
    sql(f"GRANT {team} TO {ann}, {bob}")
    session = connect(user=ann)
    session("CREATE TEMP TABLE mine AS SELECT i::float8 AS x, 3.0 * i AS y FROM generate_series(1, 40) AS i")
    session(f"GRANT SELECT ON mine TO {team}; SET ROLE {team}")
    session(f"SELECT pgml.train('{name}', 'regression', 'mine', 'y', 'linear')")
    other = connect(user=bob)
    assert other(f"SELECT owner::text FROM pgml.projects WHERE name = '{name}'") == [(team,)]
    other(f"SELECT pgml.deploy('{name}'); SELECT pgml.drop_project('{name}')")
    session("RESET ROLE; DROP TABLE mine")


def test_who_may_use_projects_at_all_is_a_matter_of_grants(cast, sql, connect):
    """Whoever has USAGE on the schema reads; whoever has EXECUTE on __write trains."""
    owner, reader = cast.names[OWNER], cast.names[READER]
    predict = f"SELECT round(pgml.predict('{cast.name}', 2.0))"
    sql("BEGIN")
    sql("REVOKE USAGE ON SCHEMA pgml FROM PUBLIC; REVOKE EXECUTE ON FUNCTION pgml.__write FROM PUBLIC")
    sql(f"GRANT USAGE ON SCHEMA pgml TO {reader}, {owner}; GRANT EXECUTE ON FUNCTION pgml.__write TO {owner}")
    sql(f"SAVEPOINT granted; SET LOCAL ROLE {cast.names[STRANGER]}")
    assert sql.fails(predict).message == "permission denied for schema pgml"
    sql(f"ROLLBACK TO granted; SET LOCAL ROLE {reader}")
    assert sql.value(predict) == 7
    assert len(sql("SELECT FROM pgml.models")) == 2
    train = "SELECT pgml.train('Own', 'regression', 't', 'y', 'linear')"
    for call, what in (
        (train, "train"),
        (f"SELECT pgml.deploy('{cast.name}')", "deploy"),
        ("SELECT pgml.load_dataset('iris')", "load_dataset"),
    ):
        sql("SAVEPOINT before")
        error = sql.fails(call)
        assert (error.sqlstate, error.message) == (
            DENIED,
            f"pgml.{what}: permission denied to change or train projects",
        )
        assert error.hint == 'Ask a superuser for GRANT EXECUTE ON FUNCTION "pgml".__write.'
        sql("ROLLBACK TO before")
    sql(f"ROLLBACK TO granted; SET LOCAL ROLE {owner}")
    sql(f"SELECT pgml.deploy('{cast.name}')")
    sql("ROLLBACK")


def test_nothing_else_is_granted_to_all(sql):
    """Everybody may use the schema, call functions but those behind __write, and read views and data sets."""
    granted = sql(
        """
        SELECT 'schema', acl.privilege_type FROM pg_namespace, aclexplode(nspacl) AS acl
        WHERE nspname = 'pgml' AND grantee = 0
        UNION SELECT relkind::text, acl.privilege_type FROM pg_class, aclexplode(relacl) AS acl
        WHERE relnamespace = 'pgml'::regnamespace AND grantee = 0
          AND (relkind <> 'r' OR starts_with(relname, '__'))
        UNION SELECT 'function', acl.privilege_type FROM pg_proc, aclexplode(proacl) AS acl
        WHERE pronamespace = 'pgml'::regnamespace AND grantee = 0
        """
    )
    assert sorted(granted) == [("function", "EXECUTE"), ("schema", "USAGE"), ("v", "SELECT")]
    behind = sql(
        """
        SELECT proname FROM pg_proc WHERE pronamespace = 'pgml'::regnamespace AND prosecdef
        AND has_function_privilege('public', oid, 'EXECUTE')
        """
    )
    assert behind == []


def test_the_role_of_now_counts_and_not_the_sessions(cast, sql):
    """A superuser that has set its role sees what the role sees, in a session that looked up before."""
    sql(f"PREPARE p AS SELECT pgml.predict('{cast.name}', 2.0)")
    assert sql("EXECUTE p") != []
    sql(f"SET ROLE {cast.names[STRANGER]}")
    assert sql.fails("EXECUTE p").sqlstate == MISSING
    assert sql("SELECT FROM pgml.models") == []
    sql("RESET ROLE")
    assert sql("EXECUTE p") != []


def test_a_name_that_is_taken_tells_nothing_else(cast):
    stranger = cast.sessions[STRANGER]
    error = stranger.fails(f"SELECT pgml.train('{cast.name}', 'regression', 't', 'y')")
    assert error.sqlstate == DENIED
    assert error.message == f'pgml.train: another role has a project "{cast.name}"'
    assert error.hint == "Choose another name, or ask for the right to train it."
    assert error.detail is None
    for task in ("regression", "classification"):
        written = f"'add_project', '{cast.name}'::text, '{task}'::text"
        error = stranger.fails(f"SELECT pgml.__write({written})")
        assert (error.sqlstate, error.message, error.detail) == (
            DENIED, f'another role has a project "{cast.name}"', None,
        )  # fmt: skip


def test_a_reader_does_not_train(cast):
    error = cast.sessions[READER].fails(f"SELECT pgml.train('{cast.name}', 'regression', 't', 'y')")
    assert (error.sqlstate, error.message) == (
        DENIED, f'pgml.train: permission denied for project "{cast.name}"',
    )  # fmt: skip


def test_a_trainer_trains_on_what_it_may_read(cast, sql, schema):
    trainer = cast.sessions[TRAINER]
    trainer(f"SET search_path = {schema}")
    train = f"SELECT status, algorithm FROM pgml.train('{cast.name}', 'regression', 't', 'y', 'linear')"
    error = trainer.fails(train)
    assert (error.sqlstate, error.message) == (DENIED, 'pgml.train: permission denied for table "t"')
    sql(f"GRANT SELECT ON t TO {cast.names[TRAINER]}")
    assert trainer(train)[0][1] == "linear"
    assert trainer("SELECT created_by::text FROM pgml.models ORDER BY id DESC LIMIT 1") == [
        (cast.names[TRAINER],)
    ]


def test_policies_for_rows_count_in_a_training(cast, sql, schema):
    """The rows that a policy hides are neither fitted on nor counted; the table's owner sees all."""
    sql(f"GRANT SELECT ON t TO {cast.names[TRAINER]}")
    sql("ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    sql("CREATE POLICY few ON t USING (id <= 40)")
    sql("UPDATE t SET y = -1000000 WHERE id > 40")
    train = (
        f"SELECT model_id FROM pgml.train('{cast.name}', 'regression', 't', 'y', 'linear', test_size => 0)"
    )
    counts = {}
    for who in (TRAINER, OWNER):
        session = cast.sessions[who]
        session(f"SET search_path = {schema}")
        model = session.value(train)
        counts[who] = session(
            f"""
            SELECT s.row_count, m.num_rows, s.columns::text LIKE '%-1000000%'
            FROM pgml.models AS m JOIN pgml.snapshots AS s ON s.id = m.snapshot_id WHERE m.id = {model}
            """
        )
    assert counts == {TRAINER: [(40, 40, False)], OWNER: [(100, 100, True)]}


# --- owners ---


def test_a_project_is_given_to_a_role_whose_rights_the_owner_has(cast, sql):
    owner, reader = cast.sessions[OWNER], cast.names[READER]
    error = owner.fails(f"SELECT pgml.transfer_project('{cast.name}', '{reader}')")
    assert error.sqlstate == DENIED
    assert error.message == (
        f"pgml.transfer_project: only a role with the rights of role {reader} may give it a project"
    )
    sql(f"GRANT {reader} TO {cast.names[OWNER]}")
    owner(f"SELECT pgml.transfer_project('{cast.name}', '{reader}')")
    sql(f"REVOKE {reader} FROM {cast.names[OWNER]}")
    assert owner("SELECT FROM pgml.projects") == []
    cast.sessions[READER](f"SELECT pgml.drop_project('{cast.name}')")


def test_the_project_of_a_role_that_is_dropped_is_its_number_until_a_superuser_gives_it_away(cast, sql):
    """The numbers of dropped readers go with the next grant."""
    owner, reader = cast.names[OWNER], cast.names[READER]
    number = sql.value(f"SELECT '{owner}'::regrole::oid::text")
    sql(f"ALTER TABLE t OWNER TO madpy; DROP OWNED BY {owner}, {reader}; DROP ROLE {owner}, {reader}")
    assert sql.value(f"SELECT owner::text FROM pgml.projects WHERE name = '{cast.name}'") == number
    assert cast.sessions[TRAINER].value(f"SELECT round(pgml.predict('{cast.name}', 2.0))") == 7
    assert cast.sessions[STRANGER]("SELECT FROM pgml.projects") == []
    sql(f"SELECT pgml.transfer_project('{cast.name}', '{cast.names[STRANGER]}')")
    stranger = cast.sessions[STRANGER]
    stranger(f"SELECT pgml.grant_project('{cast.name}', '{cast.names[TRAINER]}')")
    assert stranger(f"SELECT readers::text[] FROM pgml.projects WHERE name = '{cast.name}'") == [
        ([cast.names[TRAINER]],)
    ]


@pytest.mark.parametrize("function", ["grant_project('{}', '{}')", "transfer_project('{}', '{}')"])
@pytest.mark.parametrize("role", ["nobody here", "public", "1", "a.b", '"', ""])
def test_a_role_that_there_is_not(cast, function, role):
    error = cast.sessions[OWNER].fails(f"SELECT pgml.{function.format(cast.name, role)}")
    assert error.sqlstate == MISSING
    assert error.message == f'pgml.{function.split("(")[0]}: role "{role}" does not exist'


def test_a_role_with_a_name_in_quotes(sql, name):
    made.project(sql, name)
    sql("BEGIN")
    sql('CREATE ROLE "My Role"')
    sql(f"""SELECT pgml.grant_project('{name}', '"My Role"')""")
    assert sql(f"SELECT readers::text[] FROM pgml.projects WHERE name = '{name}'") == [(['"My Role"'],)]
    sql("ROLLBACK")


@pytest.mark.parametrize("call", ["grant_project('{}', NULL)", "grant_project(NULL, 'madpy')"])
def test_null(sql, name, call):
    made.project(sql, name)
    assert sql.fails(f"SELECT pgml.{call.format(name)}").sqlstate == "22004"


def test_access_is_one_of_two_words(sql, name):
    made.project(sql, name)
    error = sql.fails(f"SELECT pgml.grant_project('{name}', 'madpy', 'owner')")
    assert error.message == 'pgml.grant_project: access: unknown value "owner"'
    assert error.hint == "Known are: reader, trainer."


# --- example data ---


def test_data_sets_are_loaded_by_any_role_and_read_by_all(sql, roles, connect):
    """Shapes are those of scikit-learn's documentation; targets are what PostgresML called them."""
    ann, bob = connect(user=roles("ann")), connect(user=roles("bob"))
    rows = {"breast_cancer": 569, "diabetes": 442, "digits": 1797, "iris": 150, "linnerud": 20, "wine": 178}
    try:
        ann("CREATE TEMP TABLE iris AS SELECT 1 AS hidden")
        for name, count in rows.items():
            assert ann.value(f"SELECT pgml.load_dataset('{name}')") == f"pgml.{name}"
            assert bob.value(f"SELECT pgml.load_dataset('{name}')") == f"pgml.{name}"
            assert bob.value(f"SELECT count(*) FROM pgml.{name}") == count
            assert ann.fails(f"DELETE FROM pgml.{name}").sqlstate == DENIED
        assert bob("SELECT array_length(image, 1), target FROM pgml.digits LIMIT 1") == [(64, 0)]
        assert bob("SELECT malignant, count(*) FROM pgml.breast_cancer GROUP BY 1 ORDER BY 1") == [
            (False, 357), (True, 212),
        ]  # fmt: skip
        assert list(bob.rows("SELECT * FROM pgml.iris LIMIT 1")[0]) == [
            "sepal_length", "sepal_width", "petal_length", "petal_width", "target",
        ]  # fmt: skip
    finally:
        sql("RESET ROLE")
        sql("DROP TABLE IF EXISTS " + ", ".join(f"pgml.{name}" for name in rows))


def test_settings_of_the_caller_do_not_count_for_data_sets(sql, roles, connect):
    """No table can be made in the tablespace pg_global."""
    ann = connect(user=roles("ann"))
    ann("SET default_tablespace = 'pg_global'")
    try:
        ann("SELECT pgml.load_dataset('linnerud')")
    finally:
        sql("DROP TABLE IF EXISTS pgml.linnerud")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (
            "'mnist'",
            'there is no data set "mnist"',
            "There are: breast_cancer, diabetes, digits, iris, linnerud,",
        ),
        ("'__projects'", 'there is no data set "__projects"', "There are: "),
        (
            "'california_housing'",
            'data set "california_housing" does not come with',
            "Load a file of it with COPY.",
        ),
        ("NULL", "name must not be null", None),
    ],
)
def test_data_sets_that_there_are_not(sql, name, message, hint):
    error = sql.fails(f"SELECT pgml.load_dataset({name})")
    assert error.message.startswith(f"pgml.load_dataset: {message}")
    assert error.hint is None if hint is None else error.hint.startswith(hint)


def test_a_data_set_that_is_written_directly_is_one_that_is_shipped(sql, roles, connect):
    session = connect(user=roles("ann"))
    for name in ("mnist", "", "x; DROP TABLE pgml.__projects", "../iris", 'a"b'):
        assert session.fails(f"SELECT pgml.__write('load_dataset', '{name}'::text)").message.startswith(
            "load_dataset: there is no data set"
        )
    assert session.fails("SELECT pgml.__write('load_dataset', NULL::text)").sqlstate == "22004"
    assert session.value("SELECT pgml.__write('load_dataset', '__models'::text)") == 0
