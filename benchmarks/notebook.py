"""A cell of a notebook that does what dbt has the database do, for benchmarks.dbt: pandas and scikit-learn.

    python benchmarks/notebook.py pandas|adbc SCHEMA

The address of the server is in libpq's variables.
"""

import sys
import warnings

import pandas as pd
from sklearn.linear_model import LinearRegression

way, schema = sys.argv[1:]
query = f"SELECT size, age, walls, is_new, price FROM {schema}.houses"
if way == "adbc":
    from adbc_driver_postgresql import dbapi

    with dbapi.connect("postgresql:///") as connection, connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetch_arrow_table().to_pandas()
else:
    import psycopg

    warnings.simplefilter("ignore")  # pandas would rather have SQLAlchemy, which adds to the memory
    with psycopg.connect("") as connection:
        rows = pd.read_sql(query, connection)
X = pd.get_dummies(rows.drop(columns="price"), columns=["walls"], drop_first=True, dtype=float)
model = LinearRegression().fit(X.astype({"is_new": float}), rows["price"])
print(dict(zip(X.columns, model.coef_.tolist(), strict=True)))
