select id, prediction as walls, probability
from ({{ dbt_madpy.predict_prob(ref('walls_of_houses'), ref('houses')) }}) as p
