// The pages of the harness in Airflow: one component for the menu, the tabs and the dashboard, told apart by the address.
import { Navigate, Route, Routes, useLocation } from "react-router-dom";

import { ErrorBoundary } from "./parts/ErrorBoundary";
import { Frame, HOME } from "./parts/Frame";
import { To } from "./domain/links";
import { Empty } from "./parts/states";
import { Dashboard } from "./pages/Dashboard";
import { Health } from "./pages/Health";
import { Incident } from "./pages/Incident";
import { Incidents } from "./pages/Incidents";
import { Policy } from "./pages/Policy";
import { Tab, type TabProps } from "./pages/Tab";
import { Table } from "./pages/Table";
import { Tables } from "./pages/Tables";

const Unknown = () => (
  <Frame place="" title="No such page">
    <Empty icon="search" title="The harness has no page here">
      <To to={`${HOME}/incidents`}>To the incidents</To>
    </Empty>
  </Frame>
);

const Pages = () => (
  <Routes>
    <Route index element={<Navigate to={`${HOME}/incidents`} replace />} />
    <Route path="incidents" element={<Incidents />} />
    <Route path="incidents/:id" element={<Incident />} />
    <Route path="tables" element={<Tables />} />
    <Route path="tables/:name" element={<Table />} />
    <Route path="health" element={<Health />} />
    <Route path="policy" element={<Policy />} />
    <Route path="*" element={<Unknown />} />
  </Routes>
);

/** Airflow gives the ids of what a tab belongs to; the menu's entry and the dashboard's card get none. */
const Harness = (props: TabProps) => {
  const { pathname } = useLocation();
  if (pathname === "/" && !props.dagId)
    return (
      <ErrorBoundary what="The harness's card">
        <Dashboard />
      </ErrorBoundary>
    );
  const inMenu = pathname === HOME || pathname.startsWith(`${HOME}/`);
  return <ErrorBoundary what={inMenu ? "This page of the harness" : "This tab of the harness"}>{inMenu ? <Pages /> : <Tab {...props} />}</ErrorBoundary>;
};

export default Harness;
