select size, rooms, sold from {{ ref('checked_rows') }}
