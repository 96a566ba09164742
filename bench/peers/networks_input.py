"""The project's JSON of a network as input of power-grid-model."""
import numpy as np
import power_grid_model as pgm


def joined(doc):
    """Bus by bus, the one that stands for it: closed switches between buses make one of two."""
    first = {b["id"]: b["id"] for b in doc["buses"]}
    def root(bus):
        while first[bus] != bus:
            bus = first[bus]
        return bus
    for s in doc["switches"]:
        if s["elementType"] == "bus" and s["closed"]:
            a, b = root(s["bus"]), root(s["element"])
            first[max(a, b)] = min(a, b)
    return {b: root(b) for b in first}


def grid_model_input(doc):
    """The network for power-grid-model; None where it has something that this translation does not have."""
    at = joined(doc)
    buses = sorted(set(at.values()))
    kv = {b["id"]: b["kV"] for b in doc["buses"]}
    number = {b: n for n, b in enumerate(buses)}
    node = pgm.initialize_array("input", "node", len(buses))
    node["id"], node["u_rated"] = np.arange(len(buses)), [kv[b] * 1000 for b in buses]
    following = iter(range(len(buses), 10_000_000))
    off = {(s["element"], at[s["bus"]]) for s in doc["switches"] if s["elementType"] != "bus" and not s["closed"]}
    def ends(array, rows, one, other):
        array["id"] = [next(following) for _ in rows]
        array["from_node"], array["to_node"] = [number[at[r[one]]] for r in rows], [number[at[r[other]]] for r in rows]
        array["from_status"] = [int(r["inService"] and (r["id"], at[r[one]]) not in off) for r in rows]
        array["to_status"] = [int(r["inService"] and (r["id"], at[r[other]]) not in off) for r in rows]
        return array
    lines = [l for l in doc["lines"] if at[l["from"]] != at[l["to"]]]
    line = ends(pgm.initialize_array("input", "line", len(lines)), lines, "from", "to")
    line["r1"], line["x1"], line["c1"] = [l["r_ohm"] for l in lines], [l["x_ohm"] for l in lines], [l["c_nF"] * 1e-9 for l in lines]
    line["tan1"], line["i_n"] = 0.0, [l.get("max_A") or 1e6 for l in lines]
    units = [dict(t) for t in doc["transformers"] for _ in range(t["parallel"])]
    if any(t["shift_degree"] % 30 or t.get("tapKind") == "ideal" or t.get("tapStep_degree") for t in units):
        return None
    trafo = ends(pgm.initialize_array("input", "transformer", len(units)), units, "highVoltageBus", "lowVoltageBus")
    trafo["u1"], trafo["u2"] = [t["highVoltage_kV"] * 1000 for t in units], [t["lowVoltage_kV"] * 1000 for t in units]
    trafo["sn"], trafo["uk"] = [t["rated_kVA"] * 1000 for t in units], [t["vk_percent"] / 100 for t in units]
    trafo["pk"], trafo["i0"], trafo["p0"] = [t["vkr_percent"] / 100 * t["rated_kVA"] * 1000 for t in units], [t["i0_percent"] / 100 for t in units], [t["ironLoss_kW"] * 1000 for t in units]
    trafo["winding_from"], trafo["winding_to"] = 1, 1
    trafo["clock"] = [int(round(t["shift_degree"] / 30)) % 12 for t in units]
    for n, t in enumerate(units):
        # Odd clocks join a star and a delta.
        trafo["winding_from"][n], trafo["winding_to"][n] = (2, 1) if trafo["clock"][n] % 2 else (1, 1)
        low = t.get("tapSide") == "lv"
        trafo["tap_side"][n], trafo["tap_pos"][n], trafo["tap_nom"][n] = int(low), int(t.get("tapPosition") or 0), int(t.get("tapNeutral") or 0)
        trafo["tap_min"][n], trafo["tap_max"][n] = -100, 100
        trafo["tap_size"][n] = (t.get("tapStep_percent") or 0) / 100 * t["lowVoltage_kV" if low else "highVoltage_kV"] * 1000
    source = pgm.initialize_array("input", "source", len(doc["externalGrids"]))
    source["id"], source["status"] = [next(following) for _ in doc["externalGrids"]], 1
    source["node"] = [number[at[x["bus"]]] for x in doc["externalGrids"]]
    source["u_ref"], source["u_ref_angle"] = [x["vm_pu"] for x in doc["externalGrids"]], [np.deg2rad(x["va_degree"]) for x in doc["externalGrids"]]
    source["sk"] = 1e40
    powers = [(l, 1) for l in doc["loads"] + doc["storages"]] + [(g, -1) for g in doc["generators"]]
    load = pgm.initialize_array("input", "sym_load", len(powers))
    load["id"], load["node"] = [next(following) for _ in powers], [number[at[l["bus"]]] for l, _ in powers]
    load["status"], load["type"] = [int(l["inService"]) for l, _ in powers], 0
    load["p_specified"], load["q_specified"] = [s * l["p_kW"] * 1000 for l, s in powers], [s * l["q_kvar"] * 1000 for l, s in powers]
    if doc["shunts"] or not all(b["inService"] for b in doc["buses"]):
        return None
    return {"node": node, "line": line, "transformer": trafo, "source": source, "sym_load": load}, [number[at[b["id"]]] for b in doc["buses"]]
