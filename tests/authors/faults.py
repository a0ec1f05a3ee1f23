"""Faults that are planted in sound Dags, one at a time, each with the finding that must see it."""

from __future__ import annotations

from typing import NamedTuple

from airflow_provider_harness.app.authoring.catalog import RULES


class Fault(NamedTuple):
    """One mutation: in ``file``, ``old`` becomes ``new``; ``rule`` must say so."""

    name: str
    rule: str
    file: str
    old: str
    new: str

    @property
    def family(self) -> str:
        """The family of the finding."""
        return str(RULES[self.rule].family)


_G, _P, _F = "gated.py", "plain.py", "functions.py"
_O, _R = "contracts/orders.odcs.yaml", "contracts/revenue.odcs.yaml"
_WHERE = "WHERE o.ordered_at >= %(slice_start)s AND o.ordered_at < %(slice_end)s"
_FROM = "FROM shop.orders AS o\n"
_CRON = 'CronDataIntervalTimetable("0 0 * * *", timezone="UTC")'
_CRON5 = 'CronDataIntervalTimetable("0 5 * * *", timezone="UTC")'
_DELETE = '            f"DELETE FROM page_counts WHERE {DAY}",\n'
_SELECT = "SELECT page, visited_at, visits FROM page_counts_staging WHERE {DAY}"
_EXECUTE = 'cursor.execute("INSERT INTO rates (day, currency, rate) SELECT day, currency, rate FROM rates_raw WHERE day = %(day)s", {"day": data_interval_start})'
_TAKE = 'cursor.execute("DELETE FROM rates WHERE day = %(day)s", {"day": data_interval_start})'
_DAG = "with DAG("
_HEAD = "import pendulum\n"

FAULTS = (
    # logical
    Fault("a syntax error in SQL", "HL101", _G, "GROUP BY 1, 2", "GROUP GROUP 1, 2"),
    Fault("a column that is not grouped", "HL102", _G, "GROUP BY 1, 2", "GROUP BY 1"),
    Fault("no GROUP BY", "HL102", _G, "GROUP BY 1, 2\n", "\n"),
    Fault("a join without a condition", "HL103", _G, _FROM, _FROM + "JOIN shop.shops AS s\n"),
    Fault("a comma join", "HL103", _P, _SELECT, "SELECT p.page, p.visited_at, p.visits FROM page_counts_staging p, pages q WHERE {DAY}"),
    Fault("a join by always true", "HL103", _G, _FROM, _FROM + "JOIN shop.shops AS s ON true\n"),
    Fault("a fan-out", "HL104", _G, _FROM, _FROM + "JOIN shop.order_lines AS l ON o.id = l.order_id\n"),
    Fault("two fans of one table", "HL104", _P, _SELECT, "SELECT c.page, max(c.visited_at), sum(a.n) + sum(b.n) FROM pages c JOIN a ON a.page_id = c.id JOIN b ON b.page_id = c.id WHERE {DAY} GROUP BY c.page"),
    Fault("a contract's column that is not selected", "HL105", _G, "       coalesce(sum(o.amount), 0) AS revenue\n", "       coalesce(sum(o.amount), 0) AS turnover\n"),
    Fault("rows of a finer grain than the key", "HL107", _G, "GROUP BY 1, 2", "GROUP BY 1, 2, o.id"),
    Fault("a text in place of a number", "HL108", _G, "coalesce(sum(o.amount), 0) AS revenue", "CAST(sum(o.amount) AS text) AS revenue"),
    Fault("a slice column that is lost", "HL109", _G, "AS day,", "AS sold_on,"),
    Fault("a column that is not there", "HL110", _G, "sum(o.amount)", "sum(o.amounts)"),
    Fault("a row number without an order", "HL111", _P, _SELECT, "SELECT page, visited_at, row_number() OVER (PARTITION BY page) FROM page_counts_staging WHERE {DAY}"),
    Fault("DISTINCT ON without an order", "HL111", _P, _SELECT, "SELECT DISTINCT ON (page) page, visited_at, visits FROM page_counts_staging WHERE {DAY}"),
    Fault("LIMIT without an order", "HL112", _P, _SELECT, _SELECT + " LIMIT 1000"),
    Fault("whole numbers divided", "HL113", _G, "coalesce(sum(o.amount), 0) AS revenue", "count(o.amount) / count(*) AS revenue"),
    Fault("a union that does not fit", "HL114", _P, _SELECT, "SELECT page, visited_at, visits FROM a WHERE {DAY} UNION ALL SELECT page, visited_at FROM b WHERE {DAY}"),
    Fault("a merge by no key", "HL115", _P, _SELECT, 'SELECT 1 FROM a", "MERGE INTO page_counts t USING s ON true WHEN NOT MATCHED THEN INSERT (page) VALUES (s.page)'),
    # physical
    Fault("a table made anew", "HS117", _F, _TAKE, 'frame.to_sql("rates", engine, if_exists="replace")'),
    Fault("a table dropped and filled", "HS117", _P, _DELETE, '            "DROP TABLE page_counts", "CREATE TABLE page_counts (page text)",\n'),
    # semantic
    Fault("SELECT * written", "HS101", _P, _SELECT, "SELECT * FROM page_counts_staging WHERE {DAY}"),
    Fault("NOT IN with nulls", "HS103", _P, _SELECT, _SELECT + " AND page NOT IN (SELECT page FROM robots)"),
    Fault("= NULL", "HS104", _G, _WHERE, _WHERE + " AND o.cancelled_at = NULL"),
    Fault("<> NULL", "HS104", _G, _WHERE, _WHERE + " AND o.cancelled_at <> NULL"),
    Fault("an outer join filtered", "HS105", _P, _SELECT, "SELECT s.page, s.visited_at, s.visits FROM page_counts_staging s LEFT JOIN pages p ON p.page = s.page WHERE {DAY} AND p.live = 'yes'"),
    Fault("both bounds of the slice", "HS106", _G, _WHERE, "WHERE o.ordered_at BETWEEN %(slice_start)s AND %(slice_end)s"),
    Fault("the end of the slice is in it", "HS106", _G, "o.ordered_at < %(slice_end)s", "o.ordered_at <= %(slice_end)s"),
    Fault("BETWEEN in a template", "HS106", _P, "visited_at >= '{{ data_interval_start }}' AND visited_at < '{{ data_interval_end }}'", "visited_at BETWEEN '{{ data_interval_start }}' AND '{{ data_interval_end }}'"),
    Fault("CURRENT_DATE in a filter", "HS107", _P, _SELECT, "SELECT page, visited_at, visits FROM page_counts_staging WHERE visited_at >= CURRENT_DATE - 1"),
    Fault("now() in a filter", "HS107", _G, _WHERE, "WHERE o.ordered_at >= now() - interval '1 day'"),
    Fault("strptime without a zone", "HS109", _F, 'day = data_interval_start.strftime("%Y-%m-%d")', 'from datetime import datetime\n        late = data_interval_start > datetime.strptime("2026-01-01", "%Y-%m-%d")\n        day = data_interval_start.strftime("%Y-%m-%d")'),
    Fault("now() without a zone", "HS109", _F, 'day = data_interval_start.strftime("%Y-%m-%d")', 'from datetime import datetime\n        age = datetime.now() - data_interval_start\n        day = data_interval_start.strftime("%Y-%m-%d")'),
    Fault("a delete committed before the insert", "HS110", _F, _TAKE, _TAKE + "\n            connection.commit()"),
    Fault("autocommit between delete and insert", "HS110", _P, '        task_id="publish",\n        conn_id="web_postgres",\n        autocommit=False', '        task_id="publish",\n        conn_id="web_postgres",\n        autocommit=True'),
    Fault("hook.run twice", "HS110", _F, _TAKE + "\n            " + _EXECUTE, 'hook.run("DELETE FROM rates WHERE day = %(day)s")\n            hook.run("INSERT INTO rates (day) SELECT day FROM rates_raw WHERE day = %(day)s")'),
    Fault("TRUNCATE and INSERT", "HS111", _P, _DELETE, '            "TRUNCATE TABLE page_counts",\n'),
    Fault("DELETE of everything and INSERT", "HS111", _P, _DELETE, '            "DELETE FROM page_counts",\n'),
    Fault("UPDATE without WHERE", "HS112", _P, _DELETE, _DELETE + '            "UPDATE page_counts SET visits = 0",\n'),
    Fault("SQL by f-string", "HS113", _F, _TAKE, "cursor.execute(f\"DELETE FROM rates WHERE day = '{data_interval_start}'\")"),
    Fault("SQL by percent", "HS113", _F, _TAKE, "cursor.execute(\"DELETE FROM rates WHERE day = '%s'\" % data_interval_start)"),
    Fault("SQL by format", "HS113", _F, _TAKE, "cursor.execute(\"DELETE FROM rates WHERE day = '{}'\".format(data_interval_start))"),
    Fault("a query that names no slice", "HS114", _G, _WHERE + "\n", ""),
    Fault("a required column of an outer join", "HS115", _G, "       o.shop_id,\n       count(*) AS orders,\n       coalesce(sum(o.amount), 0) AS revenue\nFROM shop.orders AS o\n" + _WHERE + "\nGROUP BY 1, 2", "       s.shop_id,\n       1 AS orders,\n       o.amount AS revenue\nFROM shop.orders AS o LEFT JOIN shop.shops AS s ON s.shop_id = o.shop_id\n" + _WHERE),
    Fault("an average of averages", "HS120", _P, _SELECT, "SELECT page, visited_at, avg(m) FROM (SELECT page, visited_at, avg(n) AS m FROM a WHERE {DAY} GROUP BY page, visited_at, hour) x GROUP BY page, visited_at"),
    Fault("no team", "HC002", _O, "team: {name: shop-team}\n", ""),
    Fault("no key", "HC005", _O, ", primaryKey: true, primaryKeyPosition: 1", ""),
    Fault("a contract that is wrong", "HC001", _O, "mode: incremental", "mode: sometimes"),
    Fault("a contract that is missing", "HC001", _G, "contracts/orders.odcs.yaml", "contracts/order.odcs.yaml"),
    Fault("an open question", "HC008", _R, "name: Revenue", "name: Revenue # TODO(harness) who is paged?"),
    # operational: re-runs
    Fault("INSERT without a DELETE", "HO101", _P, _DELETE, ""),
    Fault("to_sql appends", "HO101", _F, _TAKE + "\n            " + _EXECUTE, 'frame.to_sql("rates", engine, if_exists="append")'),
    Fault("insert_rows appends", "HO101", _F, _TAKE + "\n            " + _EXECUTE, 'hook.insert_rows("rates", rows)'),
    Fault("WRITE_APPEND", "HO101", _P, "    choose = ", '    GCSToBigQueryOperator(task_id="to_bq", bucket="b", source_objects=["o"], destination_project_dataset_table="d.t", write_disposition="WRITE_APPEND")\n    choose = '),
    Fault("an append that is retried", "HO102", _P, _DELETE, ""),
    Fault("a POST that is retried", "HO102", _F, "requests.get(", "requests.post("),
    Fault("now() in place of the interval", "HO103", _F, 'data_interval_start.strftime("%Y-%m-%d")\n        answer', 'pendulum.now("UTC").strftime("%Y-%m-%d")\n        answer'),
    Fault("today() in place of the interval", "HO103", _F, 'data_interval_start.strftime("%Y-%m-%d")\n        answer', 'datetime.date.today()\n        answer'),
    Fault("a clock in a template", "HO103", _P, "'{{ data_interval_start }}'", "'{{ macros.datetime.now() }}'"),
    Fault("date in a command", "HO103", _P, "    choose = ", '    BashOperator(task_id="dump", bash_command="dump > /data/$(date +%F).csv")\n    choose = '),
    Fault("two writers of one table", "HO104", _P, "    choose = ", '    again = SQLExecuteQueryOperator(task_id="again", conn_id="web_postgres", sql="UPDATE page_counts SET visits = 1 WHERE page = 2")\n    choose = '),
    Fault("a reader that does not wait", "HO105", _P, "    wait >> count >> check >> publish", "    wait >> count >> check\n    publish"),
    Fault("a file of a worker's disk", "HO106", _F, "        return path\n\n    @task\n    def check_rates(path: str) -> str:\n", '        open("/tmp/rates.json", "wb").write(answer.content)\n        return path\n\n    @task\n    def check_rates(path: str) -> str:\n        print(open("/tmp/rates.json").read())\n'),
    Fault("a file that is appended to", "HO107", _F, "store(path, answer.content)", 'open("/data/rates.csv", "a").write(answer.text)'),
    # operational: slices and schedules
    Fault("a plain cron schedule under a contract", "HO115", _G, _CRON, '"0 0 * * *"'),
    Fault("a plain cron schedule with an interval", "HO111", _P, _CRON5, '"0 5 * * *"'),
    Fault("a preset with an interval", "HO111", _P, _CRON5, '"@daily"'),
    Fault("a timedelta with an interval", "HO111", _P, _CRON5, "timedelta(days=1)"),
    Fault("a CronTriggerTimetable with an interval", "HO111", _P, _CRON5, 'CronTriggerTimetable("0 5 * * *", timezone="UTC")'),
    Fault("an interval in a function", "HO111", _F, 'CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),\n    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),\n    catchup=False,\n    max_active_runs=1,\n    default_args={"owner": "finance-team", "on_failure_callback": tell_team},\n    doc_md=__doc__,\n)\ndef rates_daily():\n    @task(retries=2, retry_delay=timedelta(minutes=1))\n    def fetch(data_interval_start=None) -> str:\n', '"@daily", catchup=False, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))\ndef rates_daily():\n    @task\n    def fetch(data_interval_start=None, data_interval_end=None) -> str:\n        print(data_interval_start, data_interval_end)\n'),
    Fault("an hourly schedule under a grain of days", "HO114", _G, '"0 0 * * *"', '"0 * * * *"'),
    Fault("a schedule in another zone", "HO114", _G, '"0 0 * * *", timezone="UTC"', '"0 0 * * *", timezone="Europe/Berlin"'),
    Fault("catchup without a limit", "HO112", _P, "    catchup=False,\n    max_active_runs=1,\n", "    catchup=True,\n"),
    Fault("a start date by the clock", "HO113", _P, 'start_date=pendulum.datetime(2026, 1, 1, tz="UTC")', "start_date=pendulum.now()"),
    Fault("days_ago", "HO113", _P, 'start_date=pendulum.datetime(2026, 1, 1, tz="UTC")', "start_date=days_ago(1)"),
    Fault("an hourly run of whole days", "HO116", _P, "\"visited_at >= '{{ data_interval_start }}' AND visited_at < '{{ data_interval_end }}'\"\n\nwith DAG(\n    dag_id=\"visits_daily\",\n    schedule=" + _CRON5, "\"day = '{{ ds }}'\"\n\nwith DAG(\n    dag_id=\"visits_daily\",\n    schedule=\"@hourly\""),
    Fault("a date in a run of assets", "HO117", _P, _CRON5, '[Asset("visits")]'),
    Fault("an id by the clock", "HO118", _P, 'dag_id="visits_daily"', 'dag_id=f"visits_{pendulum.now()}"'),
    Fault("an id by chance", "HO118", _P, 'task_id="large"', 'task_id=f"large_{uuid.uuid4()}"'),
    Fault("tasks by a variable", "HO118", _P, "    choose = ", '    for name in Variable.get("names"):\n        EmptyOperator(task_id=f"for_{name}")\n    choose = '),
    Fault("a cron expression of four fields", "HO123", _P, _CRON5, '"0 5 * *"'),
    Fault("two tasks of one id", "HO122", _P, 'task_id="large"', 'task_id="small"'),
    Fault("what Airflow 3 removed from DAG", "HF012", _P, "    schedule=", "    schedule_interval="),
    Fault("what Airflow 3 removed from templates", "HF012", _P, "{{ data_interval_start }}", "{{ execution_date }}"),
    # operational: waiting, publishing
    Fault("a sensor without a timeout", "HO131", _P, "        timeout=3600,\n", ""),
    Fault("a sensor that holds its slot", "HO132", _P, '        mode="reschedule",\n', '        mode="poke",\n'),
    Fault("the XCom of another Dag", "HO133", _F, "        if not load(path):", '        path = ti.xcom_pull(dag_id="other_dag", task_ids="t")\n        if not load(path):'),
    Fault("a loop that waits", "HO136", _F, "        answer.raise_for_status()", "        while True:\n            time.sleep(5)\n        answer.raise_for_status()"),
    Fault("publishing past a failed check", "HO141", _P, 'task_id="publish",', 'task_id="publish",\n        trigger_rule="all_done",'),
    Fault("publishing past a failed check of functions", "HO141", _F, '@task(outlets=[Asset("rates")])', '@task(outlets=[Asset("rates")], trigger_rule="all_done")'),
    Fault("a join that is skipped", "HO142", _P, ', trigger_rule="none_failed_min_one_success"', ""),
    Fault("a check beside what it should stop", "HO143", _P, "check >> publish >> choose", "[check, publish]\n    publish >> choose"),
    Fault("a check that is swallowed", "HO144", _F, '        if not load(path):\n            raise ValueError("no rates")', "        try:\n            validate(load(path))\n        except Exception as error:\n            print(error)"),
    Fault("an error that is swallowed", "HO146", _F, "            " + _EXECUTE, "            try:\n                " + _EXECUTE + "\n            except Exception:\n                pass"),
    # operational: people
    Fault("no owner", "HO151", _P, '"owner": "web-team", ', ""),
    Fault("nobody is told", "HO152", _P, ', "on_failure_callback": tell_team', ""),
    Fault("a callback that is called", "HO156", _P, _DAG, "def tell():\n    pass\n\n\nOTHER = DAG('other', on_failure_callback=tell())\n\n" + _DAG),
    # operational: secrets and the head of the file
    Fault("a password", "HO161", _P, _DAG, 'PASSWORD = "Tr0ub4dor&3"\n\n' + _DAG),
    Fault("an address with a login", "HO161", _P, _DAG, 'URL = "postgresql://web:hunter22@db.internal:5432/web"\n\n' + _DAG),
    Fault("a key of a cloud", "HO161", _P, _DAG, 'os.environ["AWS_ACCESS_KEY_ID"] = "AKIA' + 'Z7QWERTYUIOPASDF"\n\n' + _DAG),
    Fault("a connection string", "HO161", _P, _DAG, 'connection = connect("host=db user=web password=hunter22")\n\n' + _DAG),
    Fault("a token in a header", "HO161", _F, "timeout=30)", 'timeout=30, headers={"Authorization": "Bearer abcdef0123456789abcdef"})'),
    Fault("a variable at the head", "HO162", _P, _DAG, 'TABLE = Variable.get("table")\n\n' + _DAG),
    Fault("a connection at the head", "HO162", _P, _DAG, 'HOST = BaseHook.get_connection("web").host\n\n' + _DAG),
    Fault("a service at the head", "HO163", _P, _DAG, 'PAGES = requests.get("https://web.example/pages").json()\n\n' + _DAG),
    Fault("a database at the head", "HO163", _P, _DAG, 'PAGES = PostgresHook("web").get_records("SELECT page FROM pages")\n\n' + _DAG),
    Fault("a frame at the head", "HO163", _P, _DAG, 'PAGES = pd.read_sql("SELECT page FROM pages", engine)\n\n' + _DAG),
    Fault("the clock at the head", "HO164", _P, _DAG, 'TODAY = pendulum.now().strftime("%Y-%m-%d")\n\n' + _DAG),
    Fault("work at the head", "HO165", _P, "    choose = BranchPythonOperator(task_id=\"choose\", python_callable=lambda: \"small\")", "    def pick():\n        return \"small\"\n\n    choose = BranchPythonOperator(task_id=\"choose\", python_callable=pick())"),
    Fault("shared arguments that are changed", "HO166", _P, _DAG, "SHARED = {}\nwith DAG(\"other\", default_args=SHARED):\n    pass\nSHARED[\"retries\"] = 3\n\n" + _DAG),
    Fault("a default that is shared", "HO167", _F, "def check_rates(path: str)", "def check_rates(path: str, seen=[])"),
    Fault("rows through XCom", "HO168", _F, "        return path\n\n    @task(outlets", '        rows = PostgresHook("x").get_records("SELECT 1")\n        return rows\n\n    @task(outlets'),
    Fault("a frame through XCom", "HO168", _F, "        return path\n\n    @task(outlets", '        frame = pd.read_csv(path)\n        return frame.to_dict()\n\n    @task(outlets'),
    Fault("somebody's text in a query", "HO169", _P, _SELECT, _SELECT + " AND page = '{{{{ dag_run.conf[\\'page\\'] }}}}'"),
    Fault("one brace", "HO171", _P, _SELECT, _SELECT + " AND day = '{{ ds }}'"),
    Fault("a script for a template", "HO172", _P, _DAG, "with DAG('other'):\n    BashOperator(task_id='run', bash_command='bash /opt/run.sh')\n\n\n" + _DAG),
    Fault("a suppression without a reason", "HF004", _P, '    catchup=False,\n', '    catchup=False,  # harness: ignore[HO112]\n'),
    Fault("a suppression of nothing known", "HF005", _P, '    catchup=False,\n', '    catchup=False,  # harness: ignore[HO999] because\n'),
    Fault("no Python", "HF001", _P, "as dag:", "as dag"),
    Fault("no Dag", "HF003", _F, "@dag(", "@dug("),
)  # fmt: skip
