-- writes: pass_asked (temporary)
truncate pass_asked;
