/*
 * What the scripts of a Bloom filter share. All keys of a filter's name are in one slot.
 *
 *   <name>                set     every '<bits>x<hashes>' that is in use under the name, by whatever version of the application
 *   <name>:<shape>        string  a filter that is complete: a header of 16 bytes, and the bits from the next byte on
 *   <name>:<shape>:next   string  the same while it is being built; it expires unless its builder goes on
 *
 * The header is '1' and the builder's id, or '0' and that while it is being built. It is part of the string, so that no
 * eviction and no fail-over parts the bits from the word that they are all there.
 */
export const FILTER_BITS = `local HEADER = 128
local call = redis.call

-- set_bits(to, bits, hashes, from): sets in \`to\` the bits of the keys whose two hashes are in ARGV from there on.
local function set_bits(to, bits, hashes, from)
  for at = from, #ARGV, 2 do
    local bit, step = tonumber(ARGV[at]) % bits, tonumber(ARGV[at + 1]) % bits
    for n = 1, hashes do
      call('SETBIT', to, HEADER + bit, 1)
      bit, step = (bit + step) % bits, (step + n) % bits
    end
  end
end
`;
