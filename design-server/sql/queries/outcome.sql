-- name: outcome_type_used
SELECT EXISTS (SELECT FROM outcome WHERE outcome = $1) OR EXISTS (SELECT FROM outcome_change WHERE to_outcome = $1)
