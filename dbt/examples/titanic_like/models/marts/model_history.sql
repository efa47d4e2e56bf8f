-- For the dashboard: what was trained when, and how good it was.
-- The first training makes the registry.  depends_on: {{ ref('survival_logregr') }}
select model_name, trained_at, method, num_rows, published,
       (metrics ->> 'accuracy')::double precision as accuracy,
       (metrics ->> 'roc_auc')::double precision as roc_auc
from {{ source('registry', 'madpy_models') }}
