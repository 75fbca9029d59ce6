"""From profiles to verdicts: facts from neighbouring profiles, the gates' run, what each verdict means."""
