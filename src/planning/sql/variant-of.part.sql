-- The variant of a user (__OF__): each hash costs some 0.8 µs, so it is asked only where there is more than one; SELECT: whether there is, once.
case when (select cardinality(:variantBounds::integer[]) = 0 or :variantBounds::integer[] = '{10000}') then 0
      else width_bucket(bucket_of(:variantSalt::text, __OF__.client_id), :variantBounds::integer[]) end::smallint
