"""A pandapower network as the project's own JSON, one element a line, and its solution: for comparisons only."""
import json, math
import pandapower as pp

OPTIONS = dict(algorithm="nr", tolerance_mva=1e-10, max_iteration=60, trafo_model="t", trafo_loading="current", calculate_voltage_angles=True, init="dc", numba=False)


def number(value, digits=12):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return float(f"{float(value):.{digits}g}")


def names(table, word):
    """Unique ids: the names of the file where they are unique, else the word and the index."""
    given = [str(n) for n in table["name"]] if "name" in table else []
    if given and len(set(given)) == len(given) and all(n and n not in ("None", "nan") for n in given):
        return dict(zip(table.index, given))
    return {i: f"{word} {i}" for i in table.index}


def plain(net, name, source):
    bus, line, trafo = names(net.bus, "bus"), names(net.line, "line"), names(net.trafo, "transformer")
    doc = {"name": name, "source": source, "frequencyHz": number(net.f_hz)}
    doc["buses"] = [{"id": bus[i], "kV": number(b.vn_kv), "inService": bool(b.in_service)} for i, b in net.bus.iterrows()]
    doc["lines"] = [
        {"id": line[i], "from": bus[l.from_bus], "to": bus[l.to_bus], "r_ohm": number(l.r_ohm_per_km * l.length_km / l.parallel), "x_ohm": number(l.x_ohm_per_km * l.length_km / l.parallel),
         "c_nF": number(l.c_nf_per_km * l.length_km * l.parallel), **({"max_A": number(l.max_i_ka * 1000 * l.parallel * l.df)} if l.max_i_ka < 1000 else {}), "inService": bool(l.in_service)}
        for i, l in net.line.iterrows()]
    doc["transformers"] = []
    for i, t in net.trafo.iterrows():
        row = {"id": trafo[i], "highVoltageBus": bus[t.hv_bus], "lowVoltageBus": bus[t.lv_bus], "rated_kVA": number(t.sn_mva * 1000), "highVoltage_kV": number(t.vn_hv_kv), "lowVoltage_kV": number(t.vn_lv_kv),
               "vk_percent": number(t.vk_percent), "vkr_percent": number(t.vkr_percent), "ironLoss_kW": number(t.pfe_kw), "i0_percent": number(t.i0_percent), "shift_degree": number(t.shift_degree)}
        if t.tap_changer_type in ("Ratio", "Symmetrical", "Ideal") and t.tap_side in ("hv", "lv"):
            row |= {"tapSide": t.tap_side, "tapKind": "ideal" if t.tap_changer_type == "Ideal" else "ratio", "tapPosition": number(t.tap_pos), "tapNeutral": number(t.tap_neutral), "tapStep_percent": number(t.tap_step_percent) or 0,
                    "tapStep_degree": number(t.tap_step_degree) or 0}
        doc["transformers"].append(row | {"parallel": int(t.parallel), "inService": bool(t.in_service)})
    doc["switches"] = [{"id": f"switch {i}", "bus": bus[s.bus], "element": {"b": bus, "l": line, "t": trafo}[s.et][s.element], "elementType": {"b": "bus", "l": "line", "t": "transformer"}[s.et], "closed": bool(s.closed)}
                       for i, s in net.switch.iterrows()]
    doc["externalGrids"] = [{"bus": bus[x.bus], "vm_pu": number(x.vm_pu), "va_degree": number(x.va_degree)} for _, x in net.ext_grid[net.ext_grid.in_service].iterrows()]
    power = lambda table, word: [{"id": f"{word} {i}", "bus": bus[l.bus], "p_kW": number(l.p_mw * l.scaling * 1000), "q_kvar": number(l.q_mvar * l.scaling * 1000), "inService": bool(l.in_service)} for i, l in table.iterrows()]
    doc["loads"], doc["generators"], doc["storages"] = power(net.load, "load"), power(net.sgen, "generator"), power(net.storage, "storage")
    doc["shunts"] = [{"id": f"shunt {i}", "bus": bus[s.bus], "p_kW": number(s.p_mw * s.step * (net.bus.vn_kv[s.bus] / s.vn_kv) ** 2 * 1000), "q_kvar": number(s.q_mvar * s.step * (net.bus.vn_kv[s.bus] / s.vn_kv) ** 2 * 1000), "inService": bool(s.in_service)}
                     for i, s in net.shunt.iterrows()]
    return doc


def solved(net):
    pp.runpp(net, **OPTIONS)
    column = lambda series, scale=1: [number(v * scale, 15) for v in series]
    return {"vm_pu": column(net.res_bus.vm_pu), "va_degree": column(net.res_bus.va_degree), "lineLoadingPercent": column(net.res_line.loading_percent), "lineLosses_kW": column(net.res_line.pl_mw, 1000),
            "transformerLoadingPercent": column(net.res_trafo.loading_percent), "transformerLosses_kW": column(net.res_trafo.pl_mw, 1000), "externalGrid_kW": column(net.res_ext_grid.p_mw, 1000), "externalGrid_kvar": column(net.res_ext_grid.q_mvar, 1000)}


def one_element_a_line(doc):
    """Text that the repository's formatter leaves as it is."""
    text = lambda value: json.dumps(value, ensure_ascii=False, separators=(", ", ": ")).replace("{", "{ ").replace("}", " }")
    parts = []
    for key, value in doc.items():
        if isinstance(value, list) and value:
            parts.append(f'  "{key}": [\n' + ",\n".join("    " + text(v) for v in value) + "\n  ]")
        else:
            parts.append(f'  "{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"
