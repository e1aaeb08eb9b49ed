#!/usr/bin/env python3
"""Prove the Parquet reader against files of other writers, as pyarrow reads them.

parquet.py check FOLDER DUMP [SEED [N [WRITER...]]]
    writes files to FOLDER by pyarrow, polars, duckdb, fastparquet and by hand (what those no longer
    write), over a grid, and N of random schemas; what DUMP (parquet_dump.c) prints of each must be,
    byte for byte, what pyarrow finds, spelled as parquet_spell.h says. Of random files it must be
    what was written, for pyarrow does not read all of its own (26.0.1 loses the last row of some
    with a row to a page, and has no dictionaries of DELTA_BYTE_ARRAY)
parquet.py golden FOLDER
    writes the few small files of tests/golden/parquet with their rows

Made with pyarrow 26.0.1, polars 2.1.0, duckdb 2.0.0, fastparquet 2026.9.0.
"""
import datetime, decimal, itertools, json, math, os, random, struct, subprocess, sys, uuid
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

decimal.getcontext().prec = 100

# ---- rows as JSON ----


def shortest(digits, value):
    """Digits of the shortest spelling, laid out as Python's repr does."""
    sign, tuple_digits, exponent = decimal.Decimal(digits).normalize().as_tuple()
    text = ''.join(map(str, tuple_digits))
    point = len(text) + exponent  # d.ddd has it at 1
    lead = '-' if math.copysign(1, value) < 0 else ''
    if value == 0:
        return lead + '0.0'
    if point - 1 < -4 or point - 1 >= 16:
        rest = '.' + text[1:] if len(text) > 1 else ''
        return f'{lead}{text[0]}{rest}e{point - 1:+03d}'
    if point <= 0:
        return lead + '0.' + '0' * -point + text
    return lead + (text + '0' * (point - len(text)))[:point] + '.' + (text[point:] or '0')


def number(value, width):
    value = width(value)
    if np.isnan(value):
        return 'null'
    if np.isinf(value):
        return 'Infinity' if value > 0 else '-Infinity'
    return shortest(np.format_float_scientific(value, unique=True), float(value))


def day(days):
    return str(np.datetime64(days, 'D'))


def clock(units, per):
    text = '%02d:%02d:%02d' % (units // per // 3600, units // per // 60 % 60, units // per % 60)
    ns = units % per * (10**9 // per)
    for digits in (3, 6, 9):
        if ns and ns % 10**(9 - digits) == 0:
            return text + '.' + str(ns // 10**(9 - digits)).zfill(digits)
    return text


PER = {'s': 1, 'ms': 10**3, 'us': 10**6, 'ns': 10**9}


def spell(scalar):
    """A pyarrow scalar."""
    t = scalar.type
    if isinstance(t, pa.BaseExtensionType):
        return '"' + str(scalar.as_py()) + '"' if t.extension_name == 'arrow.uuid' else spell(scalar.value)
    if not scalar.is_valid:
        return 'null'
    if pa.types.is_map(t):
        return '{' + ','.join(key(k) + ':' + spell(v) for k, v in
                              ((p['key'], p['value']) for p in scalar.values)) + '}'
    if pa.types.is_list(t) or pa.types.is_large_list(t) or pa.types.is_fixed_size_list(t):
        return '[' + ','.join(spell(v) for v in scalar.values) + ']'
    if pa.types.is_struct(t):
        return row([f.name for f in t], [scalar[i] for i in range(t.num_fields)])
    if pa.types.is_dictionary(t):
        return spell(scalar.value)
    if pa.types.is_float16(t):
        return number(scalar.as_py(), np.float16)
    if pa.types.is_float32(t):
        return number(scalar.as_py(), np.float32)
    if pa.types.is_float64(t):
        return number(scalar.as_py(), np.float64)
    if pa.types.is_boolean(t):
        return 'true' if scalar.as_py() else 'false'
    if pa.types.is_integer(t):
        return str(scalar.as_py())
    if pa.types.is_decimal(t):
        return format(scalar.as_py(), 'f')
    if pa.types.is_date32(t):
        return '"' + day(scalar.value) + '"'
    if pa.types.is_time(t):
        return '"' + clock(scalar.value, PER[t.unit]) + '"'
    if pa.types.is_timestamp(t):
        per = PER[t.unit]
        days, rest = divmod(scalar.value, 86400 * per)
        return '"' + day(days) + 'T' + clock(rest, per) + ('Z"' if t.tz else '"')
    value = scalar.as_py()
    return json.dumps(value.decode() if isinstance(value, bytes) else value, ensure_ascii=False)


def key(scalar):
    text = spell(scalar)
    return text if text[0] == '"' else '"' + text + '"'


def row(names, values):
    return '{' + ','.join(json.dumps(n, ensure_ascii=False) + ':' + spell(v) for n, v in zip(names, values)) + '}'


def lines(table):
    return ''.join(row(table.column_names, [c[i] for c in table.columns]) + '\n' for i in range(table.num_rows))


def read(path):
    with open(path, 'rb') as f:  # not by name: folders named a=b would become columns
        return pq.ParquetFile(f).read()


# ---- random tables ----

LEAVES = [pa.string(), pa.string(), pa.string(), pa.large_string(), pa.int64(), pa.int32(), pa.int16(), pa.int8(),
          pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float32(), pa.float64(), pa.float16(), pa.bool_(),
          pa.decimal128(7, 2), pa.decimal128(18, 0), pa.decimal128(38, 11), pa.decimal256(76, 20), pa.date32(),
          pa.time32('ms'), pa.time64('us'), pa.time64('ns'), pa.timestamp('ms'), pa.timestamp('us', 'UTC'),
          pa.timestamp('ns'), pa.timestamp('ms', 'Europe/Berlin'), pa.binary(), pa.binary(5), pa.null(),
          pa.dictionary(pa.int32(), pa.string())]
WORDS = ['', 'a', 'é', '你好', '\n', '"', '\\', '\x00', '\x1f', '\x7f', '😀', 'the quick brown fox', '\u2028', 'x' * 300]


def random_type(r, depth):
    kind = r.random()
    if depth == 0 or kind < 0.4:
        return r.choice(LEAVES)
    if kind < 0.65:
        return pa.list_(random_field(r, 'element', depth - 1, 0.8))
    if kind < 0.9:
        return pa.struct([random_field(r, f'f{i}', depth - 1, 0.7) for i in range(r.randint(1, 3))])
    keys = r.choice([pa.string(), pa.string(), pa.int32(), pa.date32()])
    return pa.map_(keys, random_type(r, depth - 1))


def random_field(r, name, depth, nullable):
    t = random_type(r, depth)
    return pa.field(name, t, nullable=pa.types.is_null(t) or r.random() < nullable)


def random_value(r, t, nullable, nulls):
    if pa.types.is_null(t) or (nullable and r.random() < nulls):
        return None
    if pa.types.is_map(t):
        found = {}
        for _ in range(r.choice([0, 1, 2, 5])):
            found[random_value(r, t.key_type, False, 0)] = random_value(r, t.item_type, t.item_field.nullable, nulls)
        return list(found.items())
    if pa.types.is_list(t):
        n = r.choice([0, 0, 1, 2, 3, r.randint(0, 40) if r.random() < 0.1 else 1])
        return [random_value(r, t.value_type, t.value_field.nullable, nulls) for _ in range(n)]
    if pa.types.is_struct(t):
        return {f.name: random_value(r, f.type, f.nullable, nulls) for f in t}
    if pa.types.is_dictionary(t) or pa.types.is_string(t) or pa.types.is_large_string(t):
        return ''.join(r.choice(WORDS) for _ in range(r.randint(0, 4)))
    if pa.types.is_fixed_size_binary(t):
        return bytes(r.randint(32, 126) for _ in range(t.byte_width))
    if pa.types.is_binary(t):
        return ''.join(r.choice(WORDS) for _ in range(r.randint(0, 3))).encode()
    if pa.types.is_boolean(t):
        return r.random() < 0.5
    if pa.types.is_integer(t):
        bits = r.randint(1, t.bit_width)
        x = r.getrandbits(bits)
        return x if pa.types.is_unsigned_integer(t) else x - (1 << (bits - 1))
    if pa.types.is_floating(t):
        if r.random() < 0.05:
            return float('nan')
        if r.random() < 0.3:
            return float(r.randint(-2000, 2000)) / r.choice([1, 2, 10])
        x = float('nan')
        while not math.isfinite(x):
            x = {16: lambda: struct.unpack('<e', r.randbytes(2))[0], 32: lambda: struct.unpack('<f', r.randbytes(4))[0],
                 64: lambda: struct.unpack('<d', r.randbytes(8))[0]}[t.bit_width]()
        return x
    if pa.types.is_decimal(t):
        x = r.randint(-10**t.precision + 1, 10**t.precision - 1) // 10**r.randint(0, t.precision)
        return decimal.Decimal(x).scaleb(-t.scale)
    if pa.types.is_date(t):
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=r.randint(-700000, 2900000))
    per = PER[t.unit]
    rounded = r.choice([1, per, max(1, per // 1000)])
    if pa.types.is_time(t):
        return pa.scalar(r.randrange(86400 * per) // rounded * rounded, pa.int64() if per > 1000 else pa.int32()).cast(t).as_py() \
            if t.unit != 'ns' else r.randrange(86400 * per) // rounded * rounded
    return r.randint(-2 * 10**9 * per, 8 * 10**9 * per) // rounded * rounded


def random_table(r, depth, n):
    fields = [random_field(r, r.choice(['a', 'b', 'role', '键', 'x.y', '"']) + str(i), depth, 0.8)
              for i in range(r.randint(1, 5))]
    nulls = r.choice([0, 0.1, 0.5, 0.97])
    columns = [pa.array([random_value(r, f.type, f.nullable, nulls) for _ in range(n)], f.type) for f in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def one_encoding(r, field):
    """An encoding that suits a column, by its path within a file."""
    return {'BYTE_ARRAY': ['PLAIN', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'],
            'INT32': ['PLAIN', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'],
            'INT64': ['PLAIN', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'],
            'FLOAT': ['PLAIN', 'BYTE_STREAM_SPLIT'], 'DOUBLE': ['PLAIN', 'BYTE_STREAM_SPLIT'],
            'FIXED_LEN_BYTE_ARRAY': ['PLAIN', 'BYTE_STREAM_SPLIT', 'DELTA_BYTE_ARRAY'],
            'BOOLEAN': ['PLAIN', 'RLE'], 'INT96': ['PLAIN']}[field]


def write_random(r, path, table):
    codec = r.choice(['none', 'snappy', 'gzip', 'zstd', 'lz4'])
    how = dict(compression=codec, data_page_version=r.choice(['1.0', '2.0']), row_group_size=r.choice([1, 7, 100, 5000]),
               data_page_size=r.choice([1, 50, 1000, 1 << 20]), write_batch_size=r.choice([1, 10, 1024]),
               write_page_checksum=r.random() < 0.5, use_compliant_nested_type=r.random() < 0.5,
               write_statistics=r.random() < 0.5, store_schema=r.random() < 0.8,
               version=r.choice(['1.0', '2.4', '2.6']), write_page_index=r.random() < 0.3)
    if how['version'] == '1.0' and any('uint32' in str(t) for t in table.schema.types):
        how['version'] = '2.6'
    if r.random() < 0.2:
        how['dictionary_pagesize_limit'] = r.choice([1, 100])
    encoded = r.random() < 0.5
    if encoded:
        pq.write_table(table, path, compression='none')
        schema = pq.ParquetFile(path).schema
        how['use_compliant_nested_type'] = True
        how['use_dictionary'] = False
        how['column_encoding'] = {schema.column(i).path: r.choice(one_encoding(r, schema.column(i).physical_type))
                                  for i in range(len(schema))}
    elif r.random() < 0.3:
        how['use_dictionary'] = False
    try:
        pq.write_table(table, path, **how)
    except pa.ArrowException:  # an older version has no nanoseconds, and a dictionary of nothing fails
        return False
    return True


# ---- by hand: what writers of today no longer write ----


def varint(x):
    out = b''
    while x > 127:
        out += bytes([x & 127 | 128])
        x >>= 7
    return out + bytes([x])


def zigzag(x):
    return varint(x << 1 if x >= 0 else (-x << 1) - 1)


def thrift(value):
    """A struct of the compact protocol from {id: value}; int: i32, ('i64', x), bytes, bool, list, dict."""
    out, last = b'', 0
    for id, v in sorted(value.items()):
        kind, body = thrift_value(v)
        out += bytes([(id - last) << 4 | kind]) + body
        last = id
    return out + b'\0'


def thrift_value(v):
    if isinstance(v, bool):
        return (1 if v else 2), b''
    if isinstance(v, int):
        return 5, zigzag(v)
    if isinstance(v, tuple):
        return 6, zigzag(v[1])
    if isinstance(v, bytes):
        return 8, varint(len(v)) + v
    if isinstance(v, dict):
        return 12, thrift(v)
    parts = [thrift_value(x) for x in v]
    kind = parts[0][0] if parts else 12
    n = bytes([len(parts) << 4 | kind]) if len(parts) < 15 else bytes([0xf0 | kind]) + varint(len(parts))
    return 9, n + b''.join(p[1] for p in parts)


def runs(values, maximum):
    """Levels as runs of one each."""
    if maximum == 0:
        return b''
    body = b''.join(varint(2) + bytes([v]) for v in values)
    return struct.pack('<I', len(body)) + body


BYTES, INT32, INT64, INT96, FIXED = 6, 1, 2, 3, 7
REQUIRED, OPTIONAL, REPEATED = 0, 1, 2


def element(name, repetition, type=None, children=None, converted=None, logical=None, width=None, scale=None, precision=None):
    found = {4: name.encode(), 3: repetition, 1: type, 5: children, 6: converted, 10: logical, 2: width, 7: scale, 8: precision}
    return {k: v for k, v in found.items() if v is not None}


def text(s):
    return struct.pack('<I', len(s.encode())) + s.encode()


def by_hand(path, schema, columns, rows):
    """columns: (type, path, max rep, max def, [(rep, def, bytes or None)]) in the order of the schema."""
    out, chunks = b'PAR1', []
    for type, names, max_rep, max_def, entries in columns:
        page = runs([e[0] for e in entries], max_rep) + runs([e[1] for e in entries], max_def)
        page += b''.join(e[2] for e in entries if e[2] is not None)
        header = thrift({1: 0, 2: len(page), 3: len(page), 5: {1: len(entries), 2: 0, 3: 3, 4: 3}})
        meta = {1: type, 2: [0, 3], 3: [n.encode() for n in names], 4: 0, 5: ('', len(entries)),
                6: ('', len(header + page)), 7: ('', len(header + page)), 9: ('', len(out))}
        chunks.append({2: ('', len(out)), 3: meta})
        out += header + page
    footer = thrift({1: 1, 2: [{4: b'schema', 5: sum(1 for _ in top(schema))}] + schema, 3: ('', rows),
                     4: [{1: chunks, 2: ('', len(out)), 3: ('', rows)}], 6: b'by hand'})
    with open(path, 'wb') as f:
        f.write(out + footer + struct.pack('<I', len(footer)) + b'PAR1')


def top(schema):
    """The elements that are children of the root."""
    i = 0
    while i < len(schema):
        yield schema[i]
        left = 1
        while left:
            left += schema[i].get(5, 0) - 1
            i += 1


def lists_by_hand():
    """Every custom of lists in LogicalTypes.md, with the same five rows: two, one, none, null, three."""
    rows = [['a', 'b'], ['c'], [], None, ['d', 'e', 'f']]

    def entries(item_def):
        for r in rows:
            if not r:
                yield 0, 0 if r is None else item_def - 1, None
            for i, v in enumerate(r or []):
                yield int(i > 0), item_def, text(v)

    string = dict(type=BYTES, converted=0)
    outer = lambda children=1, converted=3: element('my_list', OPTIONAL, children=children, converted=converted)
    two, three = list(entries(2)), [(r, d + (v is not None), v) for r, d, v in entries(2)]
    yield 'element-is-repeated', [outer(), element('element', REPEATED, **string)], [(BYTES, ['my_list', 'element'], 1, 2, two)]
    yield 'named-array', [outer(), element('array', REPEATED, children=1), element('str', REQUIRED, **string)], \
        [(BYTES, ['my_list', 'array', 'str'], 1, 2, two)]
    yield 'named-tuple', [outer(), element('my_list_tuple', REPEATED, children=1), element('str', REQUIRED, **string)], \
        [(BYTES, ['my_list', 'my_list_tuple', 'str'], 1, 2, two)]
    yield 'two-fields', [outer(), element('element', REPEATED, children=2), element('str', REQUIRED, **string),
                         element('num', REQUIRED, type=INT32)], \
        [(BYTES, ['my_list', 'element', 'str'], 1, 2, two),
         (INT32, ['my_list', 'element', 'num'], 1, 2, [(r, d, v and struct.pack('<i', -i)) for i, (r, d, v) in enumerate(two)])]
    yield 'other-names', [outer(), element('bag', REPEATED, children=1), element('array_element', OPTIONAL, **string)], \
        [(BYTES, ['my_list', 'bag', 'array_element'], 1, 3, three)]
    yield 'logical', [element('my_list', OPTIONAL, children=1, logical={3: {}}), element('list', REPEATED, children=1),
                      element('element', REQUIRED, type=BYTES, logical={1: {}})], [(BYTES, ['my_list', 'list', 'element'], 1, 2, two)]
    bare = [(r, max(d - 1, 0), v) for r, d, v in two]
    yield 'no-list-at-all', [element('my_list', REPEATED, **string)], [(BYTES, ['my_list'], 1, 1, bare)]
    yield 'no-list-struct', [element('my_list', REPEATED, children=1), element('str', REQUIRED, **string)], \
        [(BYTES, ['my_list', 'str'], 1, 1, bare)]
    pairs = lambda values: [(r, d, v) for r, d, v in values]
    for name, converted in (('map', 1), ('map-key-value', 2)):
        yield name, [outer(converted=converted), element('map', REPEATED, children=2), element('key', REQUIRED, **string),
                     element('value', OPTIONAL, type=INT64)], \
            [(BYTES, ['my_list', 'map', 'key'], 1, 2, pairs(two)),
             (INT64, ['my_list', 'map', 'value'], 1, 3,
              [(r, d + (v is not None and i % 2), struct.pack('<q', i) if v is not None and i % 2 else None)
               for i, (r, d, v) in enumerate(two)])]
    yield 'list-of-lists', [outer(), element('array', REPEATED, children=1, converted=3), element('array', REPEATED, **string)], \
        [(BYTES, ['my_list', 'array', 'array'], 2, 3,
          [(0, 3, text('a')), (2, 3, text('b')), (1, 2, None), (1, 3, text('c')), (0, 1, None), (0, 0, None), (0, 2, None), (0, 3, text('d'))])]


def values_by_hand():
    """Converted types of the first releases, without their logical types; Impala's timestamps."""
    def column(name, type, converted, values, **more):
        return element(name, REQUIRED, type=type, converted=converted, **more), (type, [name], 0, 0, [(0, 0, v) for v in values])
    i32, i64 = (lambda *x: [struct.pack('<i', v) for v in x]), (lambda *x: [struct.pack('<q', v) for v in x])
    yield column('utf8', BYTES, 0, [text('é'), text(''), text('"')])
    yield column('enum', BYTES, 4, [text('RED'), text('x'), text('y')])
    yield column('json', BYTES, 19, [text('{"a":1}'), text('[]'), text('null')])
    yield column('bytes', BYTES, None, [text('plain'), text('text'), text('你')])
    yield column('decimal', INT32, 5, i32(-5, 1234567, 0), scale=2, precision=9)
    yield column('decimal_fixed', FIXED, 5, [b'\xff\xff\xfe', b'\x00\x01\x00', b'\x80\x00\x00'], scale=3, precision=6, width=3)
    yield column('date', INT32, 6, i32(0, -1, 19782))
    yield column('time_ms', INT32, 7, i32(0, 1, 86399999))
    yield column('time_us', INT64, 8, i64(0, 1500000, 86399999999))
    yield column('stamp_ms', INT64, 9, i64(0, -1, 1700000000123))
    yield column('stamp_us', INT64, 10, i64(0, -1, 1700000000123456))
    yield column('u8', INT32, 11, i32(0, 255, 7))
    yield column('u32', INT32, 13, i32(-1, 0, 7))
    yield column('u64', INT64, 14, i64(-1, 0, 7))
    yield column('i8', INT32, 15, i32(-128, 127, 0))
    yield column('int96', INT96, None, [struct.pack('<qi', ns, 2440588 + days) for ns, days in
                                        ((0, 0), (45296789012345, 19000), (86399999999999, -1))])


def write_by_hand(folder):
    for name, schema, columns in lists_by_hand():
        by_hand(f'{folder}/list.{name}.parquet', schema, columns, 5)
        yield f'{folder}/list.{name}.parquet'
    found = list(values_by_hand())
    by_hand(f'{folder}/values.parquet', [e for e, _ in found], [c for _, c in found], 3)
    yield f'{folder}/values.parquet'


# ---- the grid ----


def dialogues(n, seed=0):
    r = random.Random(seed)
    say = lambda: ' '.join(r.choice(['what', 'is', 'the', 'answer', '答案', 'naïve', '"quoted"', 'x\ty', '🙂']) for _ in range(r.randint(0, 30)))
    turn = lambda i: None if r.random() < 0.03 else {'role': ('user', 'assistant')[i % 2], 'content': None if r.random() < 0.05 else say()}
    return pa.Table.from_pylist(
        [{'id': i, 'prompt': say(), 'source': r.choice(['books', 'web', None]), 'score': None if i % 7 == 0 else i / 8,
          'messages': None if i % 11 == 0 else [turn(k) for k in range(r.randint(0, 5))],
          'tags': [say()[:5] for _ in range(r.randint(0, 3))], 'deep': [[None if k % 3 == 0 else [k]] * (k % 3) for k in range(i % 4)] if i % 5 else None,
          'meta': None if i % 6 == 0 else {'lang': r.choice(['en', 'zh']), 'n': {'a': i % 2 == 0}}} for i in range(n)])


def write_grid(folder):
    table = dialogues(120)
    for codec, version, dictionary, size, groups in itertools.product(
            ['none', 'snappy', 'gzip', 'zstd', 'lz4'], ['1.0', '2.0'], [True, False], [1, 300, 1 << 20], [5, 50, 10000]):
        path = f'{folder}/pyarrow.{codec}.{version}.{dictionary:d}.{size}.{groups}.parquet'
        pq.write_table(table, path, compression=codec, data_page_version=version, use_dictionary=dictionary,
                       data_page_size=size, row_group_size=groups, write_batch_size=size if size < 1024 else 1024, write_page_checksum=codec == 'zstd')
        yield path
    for name, t in (('empty', table.slice(0, 0)), ('one', table.slice(3, 1)), ('none', pa.table({'a': pa.nulls(50)}))):
        pq.write_table(t, f'{folder}/{name}.parquet')
        yield f'{folder}/{name}.parquet'
    for bare in (True, False):
        t = pa.table({'t': pa.array([0, 1, 1500000000123456], pa.timestamp('us'))})
        pq.write_table(t, f'{folder}/int96.{bare:d}.parquet', use_deprecated_int96_timestamps=True, use_dictionary=bare)
        yield f'{folder}/int96.{bare:d}.parquet'
    pq.write_table(pa.table({'u': pa.array([uuid.UUID(int=i * 77**15).bytes for i in range(3)], pa.uuid())}), f'{folder}/uuid.parquet')
    yield f'{folder}/uuid.parquet'


def write_polars(folder):
    import polars
    frame = polars.from_arrow(dialogues(500, 1))
    for codec, size, groups, stats in itertools.product(['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4'], [None, 100], [None, 70], [True, False]):
        path = f'{folder}/polars.{codec}.{size}.{groups}.{stats:d}.parquet'
        frame.write_parquet(path, compression=codec, data_page_size=size, row_group_size=groups, statistics=stats)
        yield path


def write_duckdb(folder):
    import duckdb
    table = dialogues(5000, 2)
    base = duckdb.connect()
    base.register('t', table)
    for codec, version, groups in itertools.product(['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw'], ['V1', 'V2'], [2048, 100000]):
        path = f'{folder}/duckdb.{codec}.{version}.{groups}.parquet'
        base.execute(f"COPY (SELECT *, id * 1000003 AS far, map([id, 70000], [prompt, 'x']) AS m, (id % 3 = 0) AS b, id::DECIMAL(18,3) / 8 AS d, "
                     f"DATE '2024-01-01' + id::INT AS day, TIMESTAMP '2001-02-03 04:05:06.789' + INTERVAL (id) MINUTE AS at, 'same' AS same, "
                     f"prompt || id AS long FROM t) TO '{path}' (FORMAT parquet, CODEC '{codec}', PARQUET_VERSION {version}, ROW_GROUP_SIZE {groups})")
        yield path


def write_fastparquet(folder):
    import fastparquet, pandas
    r = random.Random(3)
    frame = pandas.DataFrame({'s': [r.choice(WORDS) for _ in range(700)], 'n': [r.randint(-9, 9) for _ in range(700)],
                              'x': [r.random() for _ in range(700)], 't': pandas.date_range('2020-01-01', periods=700, freq='3h'),
                              'b': [r.random() < .5 for _ in range(700)]})
    frame['s'] = frame['s'].astype(object)
    frame.loc[::5, 's'] = None
    for codec, groups in itertools.product([None, 'SNAPPY', 'GZIP', 'ZSTD'], [None, [0, 10, 600]]):
        path = f'{folder}/fastparquet.{codec}.{bool(groups):d}.parquet'
        fastparquet.write(path, frame, compression=codec, row_group_offsets=groups, has_nulls=True,
                          object_encoding={'s': 'utf8'}, write_index=False)
        yield path


def write_randoms(folder, seed, n):
    for i in range(n):
        r = random.Random(seed * 10**6 + i)
        path = f'{folder}/random.{seed}.{i}.parquet'
        table = random_table(r, r.randint(0, 4), r.choice([1, 5, 50, 400]))
        if write_random(r, path, table):
            yield path, table


# ---- commands ----

WRITERS = {'hand': write_by_hand, 'grid': write_grid, 'polars': write_polars, 'duckdb': write_duckdb, 'fastparquet': write_fastparquet}


def difference(want, got):
    for i, (w, g) in enumerate(itertools.zip_longest(want.split(b'\n'), got.split(b'\n'), fillvalue=b'')):
        if w != g:
            return f'row {i + 1}\nwant {w.decode()}\ngot  {g.decode(errors="replace")}'
    return ''


def check(folder, dump, seed, n, writers):
    os.makedirs(folder, exist_ok=True)
    counts = {}
    for kind, write in (WRITERS | {'random': lambda f: write_randoms(f, seed, n)}).items():
        for file in write(folder) if not writers or kind in writers else []:
            path, table = (file, read(file)) if isinstance(file, str) else file
            want = lines(table).encode()
            ran = subprocess.run([dump, path], capture_output=True)
            if ran.returncode or ran.stderr or ran.stdout != want:
                sys.exit(f'{path}: {ran.stderr.decode()}\n{difference(want, ran.stdout)}')
            counts[kind] = counts.get(kind, 0) + 1
            os.remove(path)
    print(', '.join(f'{n} {kind}' for kind, n in counts.items()), 'equal')


def golden(folder):
    os.makedirs(folder, exist_ok=True)
    table = dialogues(40, 5)
    kept = list(write_by_hand(folder))
    for name, how in {'snappy': {}, 'gzip-v2': dict(compression='gzip', data_page_version='2.0'),
                      'zstd-pages': dict(compression='zstd', data_page_size=100, write_batch_size=2, row_group_size=5, write_page_checksum=True),
                      'lz4-plain': dict(compression='lz4', use_dictionary=False)}.items():
        pq.write_table(table.select(['id', 'prompt', 'messages', 'deep', 'meta']).slice(0, 12), f'{folder}/{name}.parquet', **how)
        kept.append(f'{folder}/{name}.parquet')
    r = random.Random(6)
    several = {'DELTA_BINARY_PACKED': 'id', 'DELTA_LENGTH_BYTE_ARRAY': 'prompt', 'DELTA_BYTE_ARRAY': 'source', 'BYTE_STREAM_SPLIT': 'score', 'RLE': 'even'}
    t = table.append_column('even', pa.array([i % 2 == 0 for i in range(40)])).select(list(several.values()))
    pq.write_table(t, f'{folder}/encodings.parquet', use_dictionary=False, compression='none', data_page_version='2.0',
                   column_encoding={v: k for k, v in several.items()})
    kept.append(f'{folder}/encodings.parquet')
    t = pa.table({str(t).replace(' ', ''): pa.array([random_value(r, t, True, 0.2) for _ in range(12)], t) for t in LEAVES[3:-1]})
    pq.write_table(t, f'{folder}/types.parquet', compression='zstd', use_dictionary=False, write_statistics=False)
    kept.append(f'{folder}/types.parquet')
    for path in kept:
        with open(path.replace('.parquet', '.jsonl'), 'w') as f:
            f.write(lines(read(path)))


if sys.argv[1] == 'check':
    check(sys.argv[2], sys.argv[3], int((sys.argv + [1] * 4)[4]), int((sys.argv + [1000] * 5)[5]), sys.argv[6:])
else:
    golden(sys.argv[2])
