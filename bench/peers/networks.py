"""Writes networks as the project's JSON with the solutions of pandapower and power-grid-model: networks.py FOLDER. See README.md."""
import json, os, sys, warnings
import pandapower.networks as pn
import power_grid_model as pgm
from networks_input import grid_model_input
from plain import plain, solved

warnings.filterwarnings("ignore")


def cases():
    yield "cigre-mv-der", pn.create_cigre_network_mv(with_der="pv_wind")
    rings = pn.create_cigre_network_mv(with_der=False)
    rings.switch["closed"] = True
    yield "cigre-mv-rings", rings
    yield "cigre-lv", pn.create_cigre_network_lv()
    yield "case33bw", pn.case33bw()
    rings = pn.case33bw()
    rings.line["in_service"] = True
    yield "case33bw-rings", rings
    yield "kerber-landnetz-freileitung-1", pn.create_kerber_landnetz_freileitung_1()
    yield "kerber-landnetz-freileitung-2", pn.create_kerber_landnetz_freileitung_2()
    yield "kerber-landnetz-kabel-1", pn.create_kerber_landnetz_kabel_1()
    yield "kerber-landnetz-kabel-2", pn.create_kerber_landnetz_kabel_2()
    yield "kerber-dorfnetz", pn.create_kerber_dorfnetz()
    yield "kerber-vorstadtnetz-kabel-1", pn.create_kerber_vorstadtnetz_kabel_1()
    yield "kerber-vorstadtnetz-kabel-2", pn.create_kerber_vorstadtnetz_kabel_2()
    yield "kerber-extrem-vorstadtnetz-1", pn.kb_extrem_vorstadtnetz_1()
    yield "kerber-extrem-landnetz-freileitung", pn.kb_extrem_landnetz_freileitung()
    for name in ("rural_1", "rural_2", "village_1", "village_2", "suburb_1"):
        yield f"voltage-control-{name}".replace("_", "-"), pn.create_synthetic_voltage_control_lv_network(name)
    yield "mv-oberrhein", pn.mv_oberrhein()
    yield "dickert-lv", pn.create_dickert_lv_network()
    yield "four-loads-with-branches-out", pn.four_loads_with_branches_out()
    yield "panda-four-load-branch", pn.panda_four_load_branch()
    yield "simple-four-bus-system", pn.simple_four_bus_system()
    yield "simple-mv-open-ring", pn.simple_mv_open_ring_net()
    import simbench
    for code in ("1-LV-rural1--0-sw", "1-LV-rural3--1-sw", "1-LV-semiurb4--2-sw", "1-MV-rural--0-sw", "1-MV-semiurb--1-sw", "1-MV-comm--2-sw"):
        net = simbench.get_simbench_net(code)
        net.trafo["tap_changer_type"] = "Ratio"
        net.profiles = {}
        yield f"simbench-{code}", net


def grid_model_voltages(doc):
    prepared = grid_model_input(doc)
    if prepared is None:
        return None
    model = pgm.PowerGridModel(prepared[0], system_frequency=doc["frequencyHz"])
    out = model.calculate_power_flow(symmetric=True, error_tolerance=1e-12, max_iterations=50, calculation_method="newton_raphson")
    voltage, energized = out["node"]["u_pu"], out["node"]["energized"]
    return [float(voltage[n]) if energized[n] else None for n in prepared[1]]


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, net in cases():
        doc = plain(net, name, "pandapower")
        with open(os.path.join(folder, f"{name}.json"), "w") as out:
            json.dump({"network": doc, "pandapower": solved(net), "powerGridModelVoltages": grid_model_voltages(doc)}, out)
