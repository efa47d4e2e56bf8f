select id, class, feature, contribution
from ({{ dbt_madpy.explain(ref('walls_of_houses'), ref('houses')) }}) as e
