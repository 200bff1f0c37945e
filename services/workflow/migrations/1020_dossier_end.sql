-- A permit that ran out closes its dossier for good, and an application that was begun is known as such: whether
-- records wrote is then records' word, not the clock's (A5.2c).

alter table dossier drop constraint dossier_state;
alter table dossier add constraint dossier_state check (state in
    ('draft', 'submitted', 'consented', 'permitted', 'applying', 'applied', 'refused', 'withdrawn', 'expired'));

create index dossier_permitted on dossier (permit_expires_at) where state = 'permitted';

-- The dossiers whose permit ran out unused, over all schools.
create function dossiers_to_expire(p_now timestamptz)
returns table (out_school text, out_dossier uuid)
language sql stable security definer set search_path = public, pg_temp as $$
    select school_id, dossier_id from dossier
    where state = 'permitted' and permit_expires_at <= p_now
    order by permit_expires_at limit 20
$$;

do $$
declare
    service text := current_setting('hocba.service_role');
begin
    execute format('create policy dossier_owner on dossier for select to %I using (true)', current_user);
    revoke all on function dossiers_to_expire(timestamptz) from public;
    execute format('grant execute on function dossiers_to_expire(timestamptz) to %I', service);
end $$;
