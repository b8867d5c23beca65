-- Requests of deployments are known as all others are: in the table request, for a day, with their answers, also when nothing was
-- made. So an ID may come again later, and the deployment only remembers which it was.
DROP INDEX deployment_request;
COMMENT ON COLUMN deployment.request_id IS 'The caller''s ID of the request that made it; empty if it gave none';
