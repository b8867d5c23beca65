// One row one method of the design server: service, method, who may call it (a CALLERS_ set of access.h), and
// in which environments they must have that role (a SCOPE_ of access.h):
//
//   OWN          it is about the caller alone
//   SHARED       it reads what all environments share: the role for any of them will do
//   GLOBAL       it changes what all environments share: the role must be granted for all of them
//   ENVIRONMENT  it is about the environment that its request's field `environment` names, and the role must
//   be
//                granted for that one; if the field is empty, which means all, for all of them. The field is
//                read and checked before the handler runs: a handler has nothing to do.
//
// SHARED is for what belongs to no environment, and tells nothing that visitors did: the working
// configuration, with the audience IDs that designers put on its lists; snapshots, which are compiled
// configuration and go from one environment to the next (GetSnapshot); the line of promotion with its gates
// and evidence, because who approves for production judges by what staging showed (GetPromotion,
// ListEvidence, ListEnvironments); and the audit, whose worth is that everybody who works here can verify it
// as a whole. It tells versions, digests, reports, names of persons and addresses of servers, which mutual
// TLS guards, not their being unknown. What visitors did (history, late responses, outcomes, reports) and
// what runs at single servers is always ENVIRONMENT.
//
// To add a method, add its row, in the order of the .proto; without a row the server does not start. Then
// tell tests/access/methods.txt who may call it: `tests/access/run` tries every method with every kind of
// caller. What a handler must ask beyond its row, it asks by access_require().

// --- resources ---
#define RESOURCE_ROWS(kind, kinds)                                                                           \
	ACCESS_ROW(kind##Service, Get##kind, READERS, SHARED)                                                \
	ACCESS_ROW(kind##Service, List##kinds, READERS, SHARED)                                              \
	ACCESS_ROW(kind##Service, Create##kind, DESIGNERS, GLOBAL)                                           \
	ACCESS_ROW(kind##Service, Update##kind, DESIGNERS, GLOBAL)                                           \
	ACCESS_ROW(kind##Service, Delete##kind, DESIGNERS, GLOBAL)
RESOURCE_ROWS(Channel, Channels)
RESOURCE_ROWS(AudienceLevel, AudienceLevels)
RESOURCE_ROWS(Zone, Zones)
RESOURCE_ROWS(InteractionPoint, InteractionPoints)
RESOURCE_ROWS(Event, Events)
RESOURCE_ROWS(AudienceList, AudienceLists)
RESOURCE_ROWS(Segment, Segments)
RESOURCE_ROWS(SegmentationFlow, SegmentationFlows)
RESOURCE_ROWS(OfferTemplate, OfferTemplates)
RESOURCE_ROWS(Offer, Offers)
RESOURCE_ROWS(OfferList, OfferLists)
RESOURCE_ROWS(Campaign, Campaigns)
RESOURCE_ROWS(OutcomeType, OutcomeTypes)
RESOURCE_ROWS(TreatmentRule, TreatmentRules)
RESOURCE_ROWS(GlobalOffer, GlobalOffers)
RESOURCE_ROWS(ScoreOverride, ScoreOverrides)
RESOURCE_ROWS(Blacklist, Blacklists)
RESOURCE_ROWS(SuppressionRule, SuppressionRules)
RESOURCE_ROWS(Constraint, Constraints)
#undef RESOURCE_ROWS
// --- users ---
ACCESS_ROW(AuthService, Login, ANYONE, OWN)
ACCESS_ROW(AuthService, Logout, SIGNED_IN, OWN)
ACCESS_ROW(AuthService, WhoAmI, SIGNED_IN, OWN)
ACCESS_ROW(UserService, CreateUser, ADMINISTRATORS, GLOBAL)
ACCESS_ROW(UserService, ListUsers, ADMINISTRATORS, GLOBAL)
ACCESS_ROW(UserService, UpdateUser, ADMINISTRATORS, GLOBAL)
ACCESS_ROW(UserService, DeleteUser, ADMINISTRATORS, GLOBAL)
ACCESS_ROW(UserService, GrantRole, ADMINISTRATORS, GLOBAL)
ACCESS_ROW(UserService, RevokeRole, ADMINISTRATORS, GLOBAL)
ACCESS_ROW(UserService, ListGrants, ADMINISTRATORS, GLOBAL)
// --- what was done ---
ACCESS_ROW(AuditService, ListAuditEntries, READERS, SHARED)
ACCESS_ROW(AuditService, ReadAuditChain, READERS, SHARED)
ACCESS_ROW(AuditService, ListAuditCheckpoints, READERS, SHARED)
// --- marks ---
ACCESS_ROW(PendingService, Mark, DESIGNERS, GLOBAL)
ACCESS_ROW(PendingService, Unmark, DESIGNERS, GLOBAL)
ACCESS_ROW(PendingService, ListMarks, READERS, SHARED)
ACCESS_ROW(PendingService, ListPendingChanges, READERS, SHARED)
// --- analysis ---
ACCESS_ROW(ValidationService, ValidateChannel, READERS, SHARED)
// --- deployments ---
ACCESS_ROW(DeploymentService, Deploy, DESIGNERS, ENVIRONMENT)
ACCESS_ROW(DeploymentService, Rollback, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(DeploymentService, Undeploy, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(DeploymentService, Approve, APPROVERS, ENVIRONMENT)
ACCESS_ROW(DeploymentService, Cancel, APPROVERS_ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(DeploymentService, GetDeployment, READERS, ENVIRONMENT)
ACCESS_ROW(DeploymentService, ListDeployments, READERS, ENVIRONMENT)
ACCESS_ROW(DeploymentService, GetPromotion, READERS, SHARED)
ACCESS_ROW(DeploymentService, GetSnapshot, READERS, SHARED)
ACCESS_ROW(DeploymentService, GetWorkingSnapshot, READERS, SHARED)
ACCESS_ROW(DeploymentService, GetRolloutStatus, READERS, ENVIRONMENT)
ACCESS_ROW(DeploymentService, ListEnvironments, READERS, SHARED)
ACCESS_ROW(EvidenceService, AddEvidence, TESTERS, ENVIRONMENT)
ACCESS_ROW(EvidenceService, ListEvidence, READERS, SHARED)
ACCESS_ROW(RootService, PutRoot, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(RootService, GetTrust, READERS, ENVIRONMENT)
ACCESS_ROW(RootService, PutFloor, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(RolloutService, Pause, APPROVERS_ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(RolloutService, Resume, APPROVERS_ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(RolloutService, Undo, APPROVERS_ADMINISTRATORS, ENVIRONMENT)
// --- plans ---
ACCESS_ROW(PlanService, SubmitPlan, DESIGNERS, ENVIRONMENT)
ACCESS_ROW(PlanService, AddPlanEffects, DESIGNERS, ENVIRONMENT)
ACCESS_ROW(PlanService, ApprovePlan, APPROVERS, ENVIRONMENT)
ACCESS_ROW(PlanService, ExecutePlan, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(PlanService, WithdrawPlan, APPROVERS_ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(PlanService, GetPlan, READERS, ENVIRONMENT)
ACCESS_ROW(PlanService, ListPlans, READERS, ENVIRONMENT)
// --- history ---
ACCESS_ROW(IngestService, GetCursor, RUNTIMES, OWN)
ACCESS_ROW(IngestService, ShipRecords, RUNTIMES, ENVIRONMENT)
ACCESS_ROW(HistoryService, ListHistory, READERS, ENVIRONMENT)
ACCESS_ROW(HistoryService, GetDecision, READERS, ENVIRONMENT)
ACCESS_ROW(HistoryService, ListDecisions, READERS, ENVIRONMENT)
ACCESS_ROW(RetentionService, GetRetention, READERS, SHARED)
ACCESS_ROW(RetentionService, ApplyRetention, ADMINISTRATORS, GLOBAL)
ACCESS_ROW(OrphanService, ListLateResponses, READERS, ENVIRONMENT)
ACCESS_ROW(OrphanService, GetLateResponse, READERS, ENVIRONMENT)
ACCESS_ROW(OrphanService, CountLateResponses, READERS, ENVIRONMENT)
ACCESS_ROW(OrphanService, MatchLateResponse, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(OrphanService, DiscardLateResponses, ADMINISTRATORS, ENVIRONMENT)
// --- outcomes ---
ACCESS_ROW(OutcomeService, ImportOutcomes, DESIGNERS, ENVIRONMENT)
ACCESS_ROW(OutcomeService, GetOutcome, READERS, ENVIRONMENT)
ACCESS_ROW(OutcomeService, ListOutcomes, READERS, ENVIRONMENT)
// --- source codes ---
ACCESS_ROW(SourceCodeService, IssueSourceCodes, DESIGNERS, ENVIRONMENT)
ACCESS_ROW(SourceCodeService, ListSourceCodes, READERS, ENVIRONMENT)
ACCESS_ROW(ReportService, RunReport, READERS, ENVIRONMENT)
// --- visitors ---
ACCESS_ROW(VisitorService, ExportVisitor, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(VisitorService, EraseVisitor, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(VisitorService, GetErasure, ADMINISTRATORS, ENVIRONMENT)
ACCESS_ROW(VisitorService, ListErasures, ADMINISTRATORS, ENVIRONMENT)
