"""Dags as people and programs write them: some with a fault of a kind, some with none. All are read, never run."""

from __future__ import annotations

_FAULTY_HEAD = r"""\
from datetime import datetime, timedelta
import pendulum
from airflow.sdk import DAG, dag, task, Asset
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.providers.standard.operators.python import PythonOperator, BranchPythonOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.providers.standard.sensors.filesystem import FileSensor
"""

_SOUND_HEAD = r'''\
"""Doc."""
from datetime import datetime, timedelta, timezone
import pendulum
from airflow.sdk import DAG, dag, task, Asset, CronDataIntervalTimetable, Variable, TaskGroup, chain, Label, Param
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator, SQLCheckOperator, SQLTableCheckOperator
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.providers.standard.operators.python import PythonOperator, BranchPythonOperator, ShortCircuitOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
'''

FAULTY: dict[str, tuple[str, str]] = {
    "append_hook": (
        "HO101",
        r"""\

def load(ds=None, **context):
    hook = PostgresHook("pg")
    rows = hook.get_records("SELECT id, v FROM src WHERE d = %s", parameters=(ds,))
    for r in rows:
        hook.run("INSERT INTO dst (id, v) VALUES (%s, %s)", parameters=r)

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    t=PythonOperator(task_id="load", python_callable=load)
""",
    ),
    "append_var_sql": (
        "HO101",
        r'''\

SQL = """
INSERT INTO analytics.daily (d, n)
SELECT order_date, count(*) FROM orders WHERE order_date = '{{ ds }}' GROUP BY order_date
"""

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    t=SQLExecuteQueryOperator(task_id="load", conn_id="pg", sql=SQL)
''',
    ),
    "append_pandas": (
        "HO101 HO161",
        r"""\

def load(**context):
    import pandas as pd
    from sqlalchemy import create_engine
    engine = create_engine("postgresql+psycopg2://etl:s3cret!@warehouse:5432/dw")
    df = pd.read_sql("SELECT * FROM orders", engine)
    df.to_sql("orders_copy", engine, if_exists="append", index=False)

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    t=PythonOperator(task_id="load", python_callable=load)
""",
    ),
    "now_fn": (
        "HO103",
        r"""\

def extract():
    yesterday = (datetime.now() - timedelta(days=1)).strftime("%Y-%m-%d")
    hook = PostgresHook(postgres_conn_id="pg")
    hook.run("DELETE FROM t WHERE d = %s", parameters=[yesterday])

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    t=PythonOperator(task_id="extract", python_callable=extract)
""",
    ),
    "now_fn_helper": (
        "HO103",
        r"""\

def window():
    return datetime.utcnow() - timedelta(days=1)
def extract():
    hook = PostgresHook(postgres_conn_id="pg")
    hook.run("DELETE FROM t WHERE d = %s", parameters=[window()])

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    t=PythonOperator(task_id="extract", python_callable=extract)
""",
    ),
    "ext_sensor": (
        "HO131 HO132",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    w=ExternalTaskSensor(task_id="w", external_dag_id="x", external_task_id="y", mode="poke")
    w >> EmptyOperator(task_id="e")
""",
    ),
    "file_sensor": (
        "HO132",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    w=FileSensor(task_id="w", filepath="/data/x", poke_interval=300, timeout=60*60*24)
    w >> EmptyOperator(task_id="e")
""",
    ),
    "task_sensor": (
        "HO131 HO132",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task.sensor(poke_interval=60, mode="poke")
    def ready():
        return False
    ready() >> EmptyOperator(task_id="e")
""",
    ),
    "all_done": (
        "HO141",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def validate_rows():
        raise ValueError
    @task(trigger_rule="all_done")
    def publish_report():
        pass
    validate_rows() >> publish_report()
""",
    ),
    "all_done_sql": (
        "HO141",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    c=SQLExecuteQueryOperator(task_id="dq", conn_id="pg", sql="SELECT 1/(CASE WHEN count(*)>0 THEN 1 ELSE 0 END) FROM s")
    p=SQLExecuteQueryOperator(task_id="final", conn_id="pg", sql=["DELETE FROM f WHERE d='{{ ds }}'","INSERT INTO f (a) SELECT a FROM s WHERE d='{{ ds }}'"], trigger_rule="all_done")
    c >> p
""",
    ),
    "none_failed": (
        "HO141",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    c=SQLExecuteQueryOperator(task_id="quality_check", conn_id="pg", sql="SELECT 1")
    p=SQLExecuteQueryOperator(task_id="load_final", conn_id="pg", sql=["DELETE FROM f WHERE d='{{ ds }}'","INSERT INTO f (a) SELECT a FROM s WHERE d='{{ ds }}'"], trigger_rule="one_failed")
    c >> p
""",
    ),
    "cross_dag": (
        "HO133",
        r"""\

with DAG("producer", schedule="@daily", start_date=pendulum.datetime(2024,1,1), default_args={"owner":"t","on_failure_callback":print}) as d2:
    SQLExecuteQueryOperator(task_id="w", conn_id="pg", sql="DELETE FROM other_table WHERE d='{{ ds }}'; INSERT INTO other_table (a) SELECT a FROM raw WHERE d='{{ ds }}'")

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="r", conn_id="pg", sql="DELETE FROM o WHERE d='{{ ds }}'; INSERT INTO o (a) SELECT a FROM other_table WHERE d='{{ ds }}'")
""",
    ),
    "retry_append": (
        "HO101 HO102",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":3}, doc_md="x") as dag:
    t=SQLExecuteQueryOperator(task_id="load", conn_id="pg", sql="INSERT INTO a (x) SELECT x FROM b")
""",
    ),
    "retry_email": (
        "HO102",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":3}, doc_md="x") as dag:
    @task
    def charge():
        import requests
        requests.post("https://pay.example/charge", json={"a":1}, timeout=10)
    charge()
""",
    ),
    "catchup": (
        "HO112",
        r"""\

default_args={"owner":"me","on_failure_callback":print}
@dag(schedule="@hourly", start_date=datetime(2020,1,1), catchup=True, default_args=default_args)
def d():
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM t WHERE h='{{ ts }}'; INSERT INTO t (h) SELECT h FROM s WHERE h='{{ ts }}'")
d()
""",
    ),
    "zero": (
        "HO111",
        r"""\

@dag(schedule="0 3 * * *", start_date=datetime(2024,1,1), catchup=False, default_args={"owner":"x","on_failure_callback":print})
def d():
    @task
    def extract(**context):
        start = context["data_interval_start"]
        end = context["data_interval_end"]
        PostgresHook("pg").get_records("SELECT count(*) FROM e WHERE ts >= %s AND ts < %s", parameters=(start, end))
    extract()
d()
""",
    ),
    "start_dyn": (
        "HO113",
        r"""\

default_args={"owner":"x","start_date": datetime.now() - timedelta(days=1)}
dag = DAG("d", default_args=default_args, schedule="@daily")
t = EmptyOperator(task_id="t", dag=dag)
""",
    ),
    "no_owner": (
        "HO151 HO152",
        r"""\

with DAG("d", schedule="@daily", start_date=datetime(2024,1,1)):
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql=["DELETE FROM t WHERE d='{{ ds }}'","INSERT INTO t (d) SELECT d FROM s WHERE d='{{ ds }}'"])
""",
    ),
    "toplevel_conn": (
        "HO163",
        r"""\

conn = PostgresHook("pg").get_conn()
cur = conn.cursor()
cur.execute("SELECT name FROM tables")
tables = [r[0] for r in cur.fetchall()]

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    EmptyOperator(task_id="x")
""",
    ),
    "toplevel_http": (
        "HO163",
        r"""\

import requests
cfg = requests.get("https://x/cfg").json()

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    EmptyOperator(task_id="x")
""",
    ),
    "toplevel_var": (
        "HO162",
        r"""\

from airflow.models import Variable
ENV = Variable.get("env", default_var="dev")

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    EmptyOperator(task_id="x")
""",
    ),
    "toplevel_var_sdk_in_dag": (
        "HO162",
        r"""\
from airflow.sdk import Variable

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    e=Variable.get("env")
    EmptyOperator(task_id="x")
""",
    ),
    "toplevel_session": (
        "HO163 HO161",
        r"""\

from sqlalchemy import create_engine
engine = create_engine("postgresql://u:pw12345@h/db")
with engine.connect() as c:
    rows = c.execute("select 1").fetchall()

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    EmptyOperator(task_id="x")
""",
    ),
    "xcom_big": (
        "HO168",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def extract():
        hook = PostgresHook("pg")
        return hook.get_pandas_df("select a from b where d='x'").to_json()
    extract()
""",
    ),
    "xcom_big2": (
        "HO168",
        r"""\

def e(ti):
    import pandas as pd
    df = pd.read_csv("s3://x/y.csv")
    df = df.dropna()
    ti.xcom_push(key="data", value=df.to_dict(orient="records"))

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    PythonOperator(task_id="e", python_callable=e)
""",
    ),
    "xcom_rows": (
        "HO168",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def e():
        conn = PostgresHook("pg").get_conn()
        cur = conn.cursor()
        cur.execute("SELECT a FROM b")
        rows = cur.fetchall()
        return [dict(a=r[0]) for r in rows]
    e()
""",
    ),
    "fstring": (
        "HS113",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def l(ds=None):
        PostgresHook("pg").run(f"DELETE FROM t WHERE d = '{ds}'")
    l()
""",
    ),
    "fstring_var": (
        "HS113",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def l(user: str):
        sql = f"SELECT a FROM t WHERE name = '{user}'"
        return PostgresHook("pg").get_first(sql)
    l("x")
""",
    ),
    "fstring_concat": (
        "HS113",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def l(user: str):
        sql = "SELECT a FROM t WHERE name = '" + user + "'"
        return PostgresHook("pg").get_first(sql)
    l("x")
""",
    ),
    "fanout": (
        "HL104",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM r WHERE d='{{ ds }}'; INSERT INTO r (d, revenue) SELECT o.d, SUM(o.total) FROM orders o JOIN order_items oi ON oi.order_id = o.order_id WHERE o.d='{{ ds }}' GROUP BY o.d")
""",
    ),
    "fanout2": (
        "HL104",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM r WHERE d='{{ ds }}'; INSERT INTO r (d, revenue) SELECT o.d, SUM(o.total) FROM orders o LEFT JOIN payments p ON p.order_id = o.id LEFT JOIN shipments s ON s.order_id = o.id WHERE o.d='{{ ds }}' GROUP BY o.d")
""",
    ),
    "group": (
        "HL102",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM r WHERE d='{{ ds }}'; INSERT INTO r (d, c, n) SELECT d, country, count(*) FROM o WHERE d='{{ ds }}' GROUP BY d")
""",
    ),
    "star": (
        "HS101",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM r WHERE d='{{ ds }}'; INSERT INTO r SELECT * FROM o WHERE d='{{ ds }}'")
""",
    ),
    "ctas_star": (
        "HS101 HS117",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DROP TABLE IF EXISTS r; CREATE TABLE r AS SELECT * FROM o")
""",
    ),
    "notin": (
        "HS103",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM r WHERE d='{{ ds }}'; INSERT INTO r (a) SELECT a FROM o WHERE d='{{ ds }}' AND a NOT IN (SELECT a FROM bl)")
""",
    ),
    "naive": (
        "HS109",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def c(data_interval_end=None):
        if data_interval_end < datetime(2024, 1, 1):
            print("old")
    c()
""",
    ),
    "naive2": (
        "HS109",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def c(**context):
        lag = datetime.utcnow() - context["logical_date"]
        print(lag)
    c()
""",
    ),
    "naive3": (
        "HS109",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def c(**context):
        end = context["data_interval_end"]
        if datetime.now() > end:
            print("late")
    c()
""",
    ),
    "tx": (
        "HS110",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def l(ds=None):
        conn = PostgresHook("pg").get_conn()
        conn.autocommit = True
        cur = conn.cursor()
        cur.execute("DELETE FROM t WHERE d = %s", (ds,))
        cur.execute("INSERT INTO t (d) SELECT d FROM s WHERE d = %s", (ds,))
    l()
""",
    ),
    "tx2": (
        "HS110",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    a=SQLExecuteQueryOperator(task_id="a", conn_id="pg", sql="DELETE FROM t WHERE d = '{{ ds }}'")
    b=SQLExecuteQueryOperator(task_id="b", conn_id="pg", sql="INSERT INTO t (d) SELECT d FROM s WHERE d = '{{ ds }}'")
    a >> b
""",
    ),
    "trunc": (
        "HS111",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="TRUNCATE TABLE rep; INSERT INTO rep (a) SELECT a FROM s")
""",
    ),
    "trunc2": (
        "HS111",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    a=SQLExecuteQueryOperator(task_id="a", conn_id="pg", sql="TRUNCATE TABLE rep")
    b=SQLExecuteQueryOperator(task_id="b", conn_id="pg", sql="INSERT INTO rep (a) SELECT a FROM s")
    a >> b
""",
    ),
    "dynid": (
        "HO118",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    for i in range(3):
        EmptyOperator(task_id=f"t_{datetime.now().timestamp()}_{i}")
""",
    ),
    "dynid2": (
        "HO118",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    import random
    EmptyOperator(task_id="t_" + str(random.randint(1, 9)))
""",
    ),
    "dynid3": (
        "HO118",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    import os
    for f in os.listdir("/data"):
        BashOperator(task_id=f"p_{f}", bash_command="echo")
""",
    ),
    "branch": (
        "HO142",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    b=BranchPythonOperator(task_id="b", python_callable=lambda: "x")
    x=EmptyOperator(task_id="x"); y=EmptyOperator(task_id="y"); j=EmptyOperator(task_id="j")
    b >> x >> j
    b >> y >> j
""",
    ),
    "branch_tf": (
        "HO142",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task.branch
    def pick():
        return "x"
    x=EmptyOperator(task_id="x"); y=EmptyOperator(task_id="y"); j=EmptyOperator(task_id="j")
    pick() >> [x, y] >> j
""",
    ),
    "mutable": (
        "HO167",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def f(items=[]):
        items.append(1)
    f()
""",
    ),
    "mutable_args": (
        "HO167",
        r"""\

def make(name, default_args={"owner": "x"}):
    default_args["retries"] = 1
    return default_args

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    EmptyOperator(task_id="x")
""",
    ),
    "shared_args": (
        "HO166",
        r"""\

default_args={"owner":"x","on_failure_callback":print}
a=DAG("a", default_args=default_args, schedule="@daily", start_date=datetime(2024,1,1))
default_args.update(retries=5)
b=DAG("b", default_args=default_args, schedule="@daily", start_date=datetime(2024,1,1))
EmptyOperator(task_id="x", dag=a)
""",
    ),
    "between": (
        "HS106",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM t WHERE ts BETWEEN '{{ data_interval_start }}' AND '{{ data_interval_end }}'; INSERT INTO t (ts) SELECT ts FROM s WHERE ts BETWEEN '{{ data_interval_start }}' AND '{{ data_interval_end }}'")
""",
    ),
    "current_date": (
        "HS107",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM t WHERE d = CURRENT_DATE - INTERVAL '1 day'; INSERT INTO t (d) SELECT d FROM s WHERE d = CURRENT_DATE - INTERVAL '1 day'")
""",
    ),
    "bash_secret": (
        "HO161",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    BashOperator(task_id="x", bash_command="PGPASSWORD=hunter2xyz psql -h db -c 'SELECT 1'")
""",
    ),
    "bash_date": (
        "HO103",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    BashOperator(task_id="x", bash_command="python /opt/load.py --date $(date +%Y-%m-%d)")
""",
    ),
    "swallow": (
        "HO146",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def l():
        try:
            PostgresHook("pg").run("DELETE FROM x WHERE y = 1")
        except Exception as e:
            print(f"failed: {e}")
    l()
""",
    ),
    "api_key": (
        "HO161",
        r"""\
API_KEY = "9f8a7b6c5d4e3f2a1b0c"

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    EmptyOperator(task_id="x")
""",
    ),
    "dsn_dict": (
        "HO161",
        r"""\
DB = {"host": "db", "user": "etl", "password": "Pa55w0rd!"}

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    EmptyOperator(task_id="x")
""",
    ),
    "merge_nokey": (
        "HL115",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="MERGE INTO t USING s ON 1=1 WHEN MATCHED THEN UPDATE SET a = s.a")
""",
    ),
    "missing_dep": (
        "HO105",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    a=SQLExecuteQueryOperator(task_id="a", conn_id="pg", sql=["DELETE FROM stg WHERE d='{{ ds }}'","INSERT INTO stg (d) SELECT d FROM raw WHERE d='{{ ds }}'"])
    b=SQLExecuteQueryOperator(task_id="b", conn_id="pg", sql=["DELETE FROM fin WHERE d='{{ ds }}'","INSERT INTO fin (d) SELECT d FROM stg WHERE d='{{ ds }}'"])
""",
    ),
    "asset_ds": (
        "HO117",
        r"""\

with DAG("d", schedule=[Asset("x")], start_date=datetime(2024,1,1), default_args={"owner":"t","on_failure_callback":print}):
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql=["DELETE FROM t WHERE d='{{ ds }}'","INSERT INTO t (d) SELECT d FROM s WHERE d='{{ ds }}'"])
""",
    ),
    "asset_ds_fn": (
        "HO117",
        r"""\

with DAG("d", schedule=[Asset("x")], start_date=datetime(2024,1,1), default_args={"owner":"t","on_failure_callback":print}):
    @task
    def f(logical_date=None, **context):
        print(logical_date.isoformat(), context["ds"])
    f()
""",
    ),
    "hourly_ds": (
        "HO116",
        r"""\

with DAG("d", schedule="@hourly", start_date=datetime(2024,1,1), default_args={"owner":"t","on_failure_callback":print}):
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql=["DELETE FROM t WHERE d='{{ ds }}'","INSERT INTO t (d) SELECT d FROM s WHERE d='{{ ds }}'"])
""",
    ),
    "bq_append": (
        "HO101",
        r"""\
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    BigQueryInsertJobOperator(task_id="x", configuration={"query": {"query": "SELECT a FROM b", "destinationTable": {"tableId": "t"}, "writeDisposition": "WRITE_APPEND"}})
""",
    ),
    "executemany": (
        "HO101",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def l(rows):
        conn = PostgresHook("pg").get_conn()
        cur = conn.cursor()
        cur.executemany("INSERT INTO t (a, b) VALUES (%s, %s)", rows)
        conn.commit()
    l([])
""",
    ),
    "copy_expert": (
        "HO101",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def l():
        PostgresHook("pg").copy_expert("COPY t FROM STDIN WITH CSV", "/data/x.csv")
    l()
""",
    ),
    "ti_conf": (
        "HO169",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM t WHERE d = '{{ dag_run.conf[\"day\"] }}'")
""",
    ),
    "tmp": (
        "HO106",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def a():
        import pandas as pd
        df = pd.read_sql("select a from b", "x")
        df.to_csv("/tmp/out.csv")
    @task
    def b():
        import pandas as pd
        pd.read_csv("/tmp/out.csv")
    a() >> b()
""",
    ),
    "loop": (
        "HO136",
        r"""\
def done():
    return True

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def a():
        import time
        while not done():
            time.sleep(60)
    a()
""",
    ),
    "pct": (
        "HL113",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql="DELETE FROM r WHERE d='{{ ds }}'; INSERT INTO r (d, rate) SELECT d, SUM(CASE WHEN ok THEN 1 ELSE 0 END) / COUNT(*) FROM o WHERE d='{{ ds }}' GROUP BY d")
""",
    ),
    "spark_append": (
        "HO101",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def a():
        df = spark.read.parquet("s3://x")
        df.write.mode("append").saveAsTable("t")
    a()
""",
    ),
    "mongo": (
        "HO101 HO161",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def a(rows):
        from pymongo import MongoClient
        MongoClient("mongodb://root:example99@mongo/")["d"]["c"].insert_many(rows)
    a([])
""",
    ),
    "s3_now": (
        "HO103",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def a():
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        key = f"exports/{datetime.now():%Y%m%d}.csv"
        S3Hook("aws").load_string("x", key=key, bucket_name="b", replace=True)
    a()
""",
    ),
    "ds_add_now": (
        "HO103",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    @task
    def a():
        from datetime import date
        d = date.today() - timedelta(days=1)
        PostgresHook("pg").get_first("SELECT a FROM t WHERE d = %(d)s", parameters={"d": d})
    a()
""",
    ),
    "depends_nothing_check": (
        "HO144",
        r"""\

with DAG("d", schedule="@daily", start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, default_args={"owner":"team","on_failure_callback":print,"retries":0}, doc_md="x") as dag:
    c=SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql=["DELETE FROM t WHERE d='{{ ds }}'","INSERT INTO t (d) SELECT d FROM s WHERE d='{{ ds }}'"])
    @task
    def validate():
        n = PostgresHook("pg").get_first("SELECT count(*) FROM t")[0]
        if n == 0:
            print("WARNING: no rows")
    c >> validate()
""",
    ),
}
"""Name -> the findings that must be there above a hint, and the file without its imports."""

SOUND: dict[str, str] = {
    "upsert": r"""\

with DAG("upsert", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    SQLExecuteQueryOperator(task_id="u", conn_id="pg", sql="INSERT INTO t (id, a) SELECT id, a FROM s WHERE d >= '{{ data_interval_start }}' AND d < '{{ data_interval_end }}' ON CONFLICT (id) DO UPDATE SET a = EXCLUDED.a")
""",
    "merge": r'''\

with DAG("merge", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    SQLExecuteQueryOperator(task_id="m", conn_id="snowflake_default", sql="""
    MERGE INTO dim_customer AS t USING (SELECT id, name FROM stg_customer WHERE loaded_on = '{{ ds }}') AS s
    ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)""")
''',
    "bq": r"""\
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator

with DAG("bq", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    BigQueryInsertJobOperator(task_id="q", configuration={"query": {"query": "SELECT user_id, COUNT(*) AS n FROM `p.d.events` WHERE DATE(ts) = '{{ ds }}' GROUP BY user_id", "useLegacySql": False, "destinationTable": {"projectId": "p", "datasetId": "d", "tableId": "daily${{ ds_nodash }}"}, "writeDisposition": "WRITE_TRUNCATE"}})
""",
    "py_delete_insert": r"""\

with DAG("py_delete_insert", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def load(ds=None):
        hook = PostgresHook("pg")
        conn = hook.get_conn()
        with conn, conn.cursor() as cur:
            cur.execute("DELETE FROM t WHERE d = %s", (ds,))
            cur.execute("INSERT INTO t (d, n) SELECT d, count(*) FROM s WHERE d = %s GROUP BY d", (ds,))
    load()
""",
    "py_list": r"""\

with DAG("py_list", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def load(ds=None):
        PostgresHook("pg").run(["DELETE FROM t WHERE d = %(d)s", "INSERT INTO t (d) SELECT d FROM s WHERE d = %(d)s"], parameters={"d": ds}, autocommit=False)
    load()
""",
    "cleanup": r"""\

with DAG("cleanup", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    c=SQLCheckOperator(task_id="check", conn_id="pg", sql="SELECT count(*) > 0 FROM s WHERE d = '{{ ds }}'")
    p=SQLExecuteQueryOperator(task_id="publish", conn_id="pg", sql=["DELETE FROM t WHERE d='{{ ds }}'", "INSERT INTO t (d) SELECT d FROM s WHERE d='{{ ds }}'"])
    x=SQLExecuteQueryOperator(task_id="drop_staging", conn_id="pg", sql="DROP TABLE IF EXISTS stg_{{ ds_nodash }}", trigger_rule="all_done")
    n=EmptyOperator(task_id="notify", trigger_rule="all_done")
    f=EmptyOperator(task_id="alert_on_failure", trigger_rule="one_failed")
    c >> p >> x
    p >> n
    p >> f
""",
    "branch": r"""\

with DAG("branch", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    b=BranchPythonOperator(task_id="b", python_callable=lambda: "x")
    x=EmptyOperator(task_id="x"); y=EmptyOperator(task_id="y"); j=EmptyOperator(task_id="j", trigger_rule="none_failed")
    z=EmptyOperator(task_id="z")
    b >> Label("one") >> x >> j
    b >> y >> j
    j >> z
""",
    "branch_skip": r"""\

with DAG("branch_skip", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task.branch
    def pick():
        return "do"
    do=EmptyOperator(task_id="do"); skip=EmptyOperator(task_id="skip")
    load=EmptyOperator(task_id="load")
    p = pick()
    p >> [do, skip]
    do >> load
""",
    "short": r"""\

with DAG("short", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    g=ShortCircuitOperator(task_id="g", python_callable=lambda: True)
    g >> EmptyOperator(task_id="x") >> EmptyOperator(task_id="y")
""",
    "clock_ok": r"""\

with DAG("clock_ok", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def load(ds=None):
        started = datetime.now(timezone.utc)
        PostgresHook("pg").run("DELETE FROM t WHERE d = %(d)s", parameters={"d": ds})
        print("took", datetime.now(timezone.utc) - started)
        return {"loaded_at": datetime.now(timezone.utc).isoformat()}
    load()
""",
    "var_ok": r"""\

with DAG("var_ok", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def load():
        return len(Variable.get("names", deserialize_json=True))
    load()
    BashOperator(task_id="b", bash_command="run --env {{ var.value.env }} --day {{ ds }}")
""",
    "sql_rich": r'''\

with DAG("sql_rich", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    SQLExecuteQueryOperator(task_id="m", conn_id="pg", sql=["DELETE FROM rep WHERE d = '{{ ds }}'", """
    WITH o AS (
      SELECT customer_id, max(created_on) AS last_on, sum(amount) AS total FROM orders WHERE created_on = '{{ ds }}' GROUP BY customer_id
    ), ranked AS (
      SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY last_on DESC, total DESC) AS rn FROM o
    )
    INSERT INTO rep (d, customer_id, total, share, region)
    SELECT CAST('{{ ds }}' AS date), r.customer_id, r.total, 100.0 * r.total / nullif(sum(r.total) OVER (), 0), coalesce(c.region, 'none')
    FROM ranked AS r LEFT JOIN customers AS c ON c.id = r.customer_id
    WHERE r.rn = 1 AND NOT EXISTS (SELECT 1 FROM blocked b WHERE b.customer_id = r.customer_id) AND (c.deleted IS NULL OR c.deleted = false)"""], autocommit=False)
''',
    "sql_anti": r"""\

with DAG("sql_anti", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    SQLExecuteQueryOperator(task_id="m", conn_id="pg", sql="INSERT INTO dim (id, name) SELECT s.id, s.name FROM s LEFT JOIN dim d ON d.id = s.id WHERE d.id IS NULL AND s.d = '{{ ds }}'")
""",
    "sql_group_expr": r"""\

with DAG("sql_group_expr", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    SQLExecuteQueryOperator(task_id="m", conn_id="pg", sql=["DELETE FROM rep WHERE d = '{{ ds }}'", "INSERT INTO rep (d, m, n) SELECT o.d, extract(month FROM o.d) AS m, count(DISTINCT o.id) FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.d = '{{ ds }}' GROUP BY o.d, extract(month FROM o.d)"])
""",
    "sensor_ok": r"""\

with DAG("sensor_ok", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    w=ExternalTaskSensor(task_id="w", external_dag_id="x", external_task_id="y", timeout=3600, mode="reschedule", failed_states=["failed"])
    v=ExternalTaskSensor(task_id="v", external_dag_id="x", external_task_id="y", timeout=3600*6, deferrable=True)
    [w, v] >> EmptyOperator(task_id="e")
""",
    "map": r"""\

with DAG("map", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def names():
        return ["a", "b"]
    @task(max_active_tis_per_dag=2)
    def work(name: str, ds=None):
        PostgresHook("pg").run("DELETE FROM t WHERE name = %(n)s AND d = %(d)s", parameters={"n": name, "d": ds})
    work.expand(name=names())
""",
    "loop_const": r"""\

with DAG("loop_const", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    for table in ["orders", "lines"]:
        with TaskGroup(group_id=f"load_{table}"):
            a=SQLExecuteQueryOperator(task_id="clear", conn_id="pg", sql=f"DELETE FROM stg_{table} WHERE d = '{{{{ ds }}}}'")
            b=SQLExecuteQueryOperator(task_id="fill", conn_id="pg", sql=f"INSERT INTO stg_{table} (d) SELECT d FROM {table} WHERE d = '{{{{ ds }}}}'")
            a >> b
""",
    "create_if": r"""\

with DAG("create_if", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    a=SQLExecuteQueryOperator(task_id="create", conn_id="pg", sql="CREATE TABLE IF NOT EXISTS t (id int primary key, d date)")
    b=SQLExecuteQueryOperator(task_id="load", conn_id="pg", sql=["DELETE FROM t WHERE d='{{ ds }}'", "INSERT INTO t (id, d) SELECT id, d FROM s WHERE d='{{ ds }}'"])
    a >> b
""",
    "swap": r"""\

with DAG("swap", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    SQLExecuteQueryOperator(task_id="swap", conn_id="pg", autocommit=False, sql=["DROP TABLE IF EXISTS t_new", "CREATE TABLE t_new AS SELECT id, d FROM s", "ALTER TABLE t RENAME TO t_old", "ALTER TABLE t_new RENAME TO t", "DROP TABLE t_old"])
""",
    "try_ok": r"""\

with DAG("try_ok", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def load():
        try:
            PostgresHook("pg").run("DELETE FROM x WHERE y = 1")
        except Exception:
            print("failed")
            raise
    @task
    def optional():
        try:
            import ujson as json
        except ImportError:
            import json
        return json.dumps({})
    load() >> optional()
""",
    "http_get": r"""\

with DAG("http_get", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task(retries=3)
    def fetch(ds=None):
        import requests
        r = requests.get("https://api.example.com/x", params={"day": ds}, timeout=30)
        r.raise_for_status()
        return r.json()["count"]
    fetch()
""",
    "s3": r"""\

with DAG("s3", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def export(data_interval_start=None):
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        key = f"exports/{data_interval_start:%Y/%m/%d}/part.parquet"
        S3Hook("aws").load_string("x", key=key, bucket_name="b", replace=True)
        return key
    export()
""",
    "pandas_ok": r"""\

with DAG("pandas_ok", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def load(ds=None):
        import pandas as pd
        hook = PostgresHook("pg")
        df = hook.get_pandas_df("SELECT id, d FROM s WHERE d = %(d)s", parameters={"d": ds})
        with hook.get_sqlalchemy_engine().begin() as conn:
            conn.exec_driver_sql("DELETE FROM t WHERE d = %(d)s", {"d": ds})
            df.to_sql("t", conn, if_exists="append", index=False)
        return len(df)
    load()
""",
    "insert_rows_ok": r"""\

with DAG("insert_rows_ok", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def load(ds=None):
        hook = PostgresHook("pg")
        hook.insert_rows("t", [(1, ds)], target_fields=["id", "d"], replace=True, replace_index="id")
    load()
""",
    "params": r"""\

with DAG("params", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    BashOperator(task_id="b", bash_command="echo {{ params.name }}")
""",
    "secret_ok": r"""\
SECRET_NAME = "projects/x/secrets/y"
PRIMARY_KEY = "order_id"
TOKEN_URL = "https://auth.example.com/token"

with DAG("secret_ok", schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=False, max_active_runs=1, default_args={"owner":"team","on_failure_callback":print,"retries":2,"retry_delay":timedelta(minutes=5)}, doc_md=__doc__) as dag:
    @task
    def load():
        from airflow.sdk import Connection
        c = Connection.get("api")
        token = c.password
        headers = {"Authorization": f"Bearer {token}"}
        import os
        secret = os.environ["API_TOKEN"]
        return len(headers) + len(secret)
    load()
""",
    "assets": r"""\

with DAG("consumer", schedule=[Asset("orders")], start_date=pendulum.datetime(2024,1,1,tz="UTC"), default_args={"owner":"t","on_failure_callback":print}, doc_md=__doc__):
    @task
    def go(triggering_asset_events=None):
        for asset, events in triggering_asset_events.items():
            print(asset, events)
    go()
""",
    "manual": r"""\

@dag(schedule=None, start_date=pendulum.datetime(2024,1,1,tz="UTC"), params={"day": Param("2024-01-01", type="string")}, doc_md=__doc__)
def manual():
    @task
    def run(params=None):
        PostgresHook("pg").run("DELETE FROM t WHERE d = %(d)s", parameters={"d": params["day"]})
    run()
manual()
""",
    "hourly": r"""\

with DAG("hourly", schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"), start_date=pendulum.datetime(2024,1,1,tz="UTC"), catchup=True, max_active_runs=1, default_args={"owner":"t","on_failure_callback":print}, doc_md=__doc__):
    SQLExecuteQueryOperator(task_id="l", conn_id="pg", sql=["DELETE FROM t WHERE ts >= '{{ data_interval_start }}' AND ts < '{{ data_interval_end }}'", "INSERT INTO t (ts, n) SELECT ts, n FROM s WHERE ts >= '{{ data_interval_start }}' AND ts < '{{ data_interval_end }}'"])
""",
}
"""Name -> a file without its imports, in which nothing stands above a hint."""


def faulty(name: str) -> str:
    """The whole file."""
    return _FAULTY_HEAD + FAULTY[name][1]


def right(name: str) -> str:
    """The whole file."""
    return _SOUND_HEAD + SOUND[name]
