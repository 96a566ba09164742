"""Cheapest activation by pandapower's AC optimal power flow (interior point): activation.py FILE. Prints the cost of each case.

FILE: {"network": own JSON with lines only, "cases": [{"minPu", "units": [{"bus", "p_kW", "q_kvar", "priceP", "priceQ"}]}]}; a unit may inject up to p_kW and q_kvar more, at a price for each kW and kvar.
"""
import json, sys
import pandapower as pp

doc = json.load(open(sys.argv[1]))
network = doc["network"]
costs = []
for case in doc["cases"]:
    net = pp.create_empty_network(f_hz=network["frequencyHz"], sn_mva=1)
    fixed = {g["bus"] for g in network["externalGrids"]}
    # The external grid's own voltage is held, so its bus has no limits of its own.
    bus = {b["id"]: pp.create_bus(net, b["kV"], min_vm_pu=0.5 if b["id"] in fixed else case["minPu"], max_vm_pu=1.5 if b["id"] in fixed else case["maxPu"]) for b in network["buses"]}
    for l in network["lines"]:
        if l["inService"]:
            pp.create_line_from_parameters(net, bus[l["from"]], bus[l["to"]], 1, l["r_ohm"], l["x_ohm"], l["c_nF"], 1000)
    for g in network["externalGrids"]:
        grid = pp.create_ext_grid(net, bus[g["bus"]], g["vm_pu"], g["va_degree"], min_p_mw=-1e3, max_p_mw=1e3, min_q_mvar=-1e3, max_q_mvar=1e3, controllable=False)
        pp.create_poly_cost(net, grid, "ext_grid", 0)
    for l in network["loads"]:
        pp.create_load(net, bus[l["bus"]], l["p_kW"] / 1000, l["q_kvar"] / 1000, controllable=False)
    for u in case["units"]:
        unit = pp.create_sgen(net, bus[u["bus"]], 0, 0, min_p_mw=0, max_p_mw=u["p_kW"] / 1000, min_q_mvar=0, max_q_mvar=u["q_kvar"] / 1000, controllable=True)
        pp.create_poly_cost(net, unit, "sgen", cp1_eur_per_mw=1000 * u["priceP"], cq1_eur_per_mvar=1000 * u["priceQ"])
    pp.runopp(net, calculate_voltage_angles=True, init="flat", numba=False, PDIPM_FEASTOL=1e-9, PDIPM_GRADTOL=1e-6, PDIPM_COMPTOL=1e-8, PDIPM_COSTTOL=1e-10, PDIPM_MAX_IT=500)
    costs.append(float(net.res_cost))
print(json.dumps(costs))
