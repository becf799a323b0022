# SPDX-License-Identifier: MIT
# Reads `objdump --dwarf=info` and prints what the compiler made of every named type:
#     type NAME = SHAPE           tag or typedef; SHAPE carries size and kind
#     member TYPE.FIELD = OFFSET SHAPE [bits WIDTH@OFFSET]
#     enum NAME = VALUE
#     routine NAME = RETURN (PARAMETERS)   for typedefs named conformance_NAME
# Shapes: i4 u4 signed and unsigned integers, p8 pointer, s24 structure or union, 16*u1 array,
# f8 floating point, v void. An enumeration has the shape of the integer it is stored in.
# An enumerator, the same whether its enumeration is stored signed or unsigned.
function number(text) {
    if (text ~ /^0x/) {
        if (length(text) < 10) return text
        text = text == "0xffffffff" ? "-1" : text
    }
    return text ~ /^0x/ ? text : text + 0 >= 2147483648 ? sprintf("%.0f", text - 4294967296) : text
}
function shape(die,    tag, size, child, count) {
    if (die == "") return "v"
    tag = tag_of[die]
    size = size_of[die]
    if (tag == "typedef" || tag == "const_type" || tag == "volatile_type" || tag == "atomic_type" || tag == "restrict_type")
        return shape(type_of[die])
    if (tag == "base_type")
        return (encoding[die] ~ /float/ ? "f" : encoding[die] ~ /unsigned|boolean|char16|UTF/ ? "u" : "i") size
    if (tag == "pointer_type") return "p" size
    if (tag == "enumeration_type") return "u" size
    if (tag == "array_type") {
        count = ""
        for (child = first_child[die]; child != ""; child = next_sibling[child])
            if (tag_of[child] == "subrange_type")
                count = count (upper[child] == "" ? 0 : upper[child] + 1) "*"
        return count shape(type_of[die])
    }
    if (tag == "structure_type" || tag == "union_type")
        return size == "" ? "opaque" : "s" size
    return tag
}
# The structure or union that a member's type is, when it has no name of its own; "" otherwise.
function nameless(die) {
    while (die != "" && (tag_of[die] == "const_type" || tag_of[die] == "volatile_type"))
        die = type_of[die]
    if (die != "" && (tag_of[die] == "structure_type" || tag_of[die] == "union_type") && name_of[die] == "")
        return die
    return ""
}
function members(label, die, base,    child, inner, offset, at) {
    for (child = first_child[die]; child != ""; child = next_sibling[child]) {
        if (tag_of[child] != "member") continue
        at = place[child] == "" ? 0 : place[child]
        offset = base + at
        inner = nameless(type_of[child])
        if (inner != "") {
            members(name_of[child] == "" ? label : label "." name_of[child], inner, offset)
            if (name_of[child] == "") continue
        }
        if (bits[child] != "")
            print "member " label "." name_of[child] " = bits " bits[child] "@" (base * 8 + bit_place[child])
        else
            print "member " label "." name_of[child] " = " offset " " shape(type_of[child])
    }
}
function routine(die,    child, list) {
    for (child = first_child[die]; child != ""; child = next_sibling[child])
        if (tag_of[child] == "formal_parameter") list = list " " shape(type_of[child])
        else if (tag_of[child] == "unspecified_parameters") list = list " ..."
    return shape(type_of[die]) " (" list " )"
}
# "<depth><die>: Abbrev Number: N (DW_TAG_kind)", then "<die> DW_AT_name : value" lines. Numbers of
# DIEs are hexadecimal and only ever compared as text.
$2 == "Abbrev" {
    if (NF < 5) next
    split($1, part, /[<>:]+/)
    depth = part[2] + 0
    die = "x" part[3]
    tag_of[die] = substr($5, 9, length($5) - 9)
    parent = depth > 0 ? at_depth[depth - 1] : ""
    at_depth[depth] = die
    if (parent != "") {
        if (first_child[parent] == "") first_child[parent] = die
        else next_sibling[last_child[parent]] = die
        last_child[parent] = die
    }
    if (depth == 1) top[++tops] = die
    next
}
$2 == "DW_AT_name" { name_of[die] = $NF; if (tag_of[die] == "base_type") name_of[die] = ""; next }
$2 == "DW_AT_byte_size" { size_of[die] = $NF + 0; next }
$2 == "DW_AT_encoding" { encoding[die] = $0; next }
$2 == "DW_AT_type" { type_of[die] = "x" substr($NF, 4, length($NF) - 4); next }
$2 == "DW_AT_upper_bound" { if ($4 ~ /^[0-9]+$/) upper[die] = $4 + 0; next }
$2 ~ /^DW_AT_data_member_loc/ { place[die] = $NF + 0; next }
$2 == "DW_AT_bit_size" { bits[die] = $NF + 0; next }
$2 ~ /^DW_AT_data_bit_off/ { bit_place[die] = $NF + 0; next }
$2 == "DW_AT_const_value" { constant[die] = $4; next }
END {
    for (i = 1; i <= tops; i++) {
        die = top[i]
        tag = tag_of[die]
        name = name_of[die]
        if (tag == "enumeration_type")
            for (child = first_child[die]; child != ""; child = next_sibling[child])
                print "enum " name_of[child] " = " number(constant[child])
        if (name == "") continue
        if (tag == "typedef" && name ~ /^conformance_/) {
            print "routine " substr(name, 13) " = " routine(type_of[die])
        } else if (tag == "typedef") {
            text = shape(type_of[die])
            if (text !~ /opaque|subroutine/) print "type " name " = " text
            inner = nameless(type_of[die])
            if (inner != "") members(name, inner, 0)
        } else if ((tag == "structure_type" || tag == "union_type") && size_of[die] != "") {
            print "type " name " = " shape(die)
            members(name, die, 0)
        }
    }
}
