-- One more group of what other systems may read: how far the mark sheets are.
alter table integrator drop constraint integrator_groups_known, add constraint integrator_groups_known check (
    cardinality(field_groups) > 0
    and field_groups <@ array['roster', 'identity_page', 'marks', 'results', 'completeness']);
