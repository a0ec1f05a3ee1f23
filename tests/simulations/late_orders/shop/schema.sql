CREATE TABLE public.orders (id bigint, placed_at timestamptz, amount numeric(12,2), status text);
