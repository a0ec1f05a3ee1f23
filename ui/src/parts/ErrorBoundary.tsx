// What throws while it is drawn would take Airflow's own page with it; here it takes only what it is in.
import { Alert, Button } from "@chakra-ui/react";
import { Component, type ReactNode } from "react";

type Props = { children: ReactNode; what: string };

export class ErrorBoundary extends Component<Props, { problem: string | null }> {
  override state: { problem: string | null } = { problem: null };

  static getDerivedStateFromError(error: unknown) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    if (this.state.problem === null) return this.props.children;
    return (
      <Alert.Root status="error" m="2" width="auto">
        <Alert.Indicator />
        <Alert.Content>
          <Alert.Title>{this.props.what} cannot be shown</Alert.Title>
          <Alert.Description>
            {this.state.problem}. Everything else of Airflow works. Say it to whoever looks after the harness, with this text.
          </Alert.Description>
        </Alert.Content>
        <Button size="xs" variant="outline" onClick={() => this.setState({ problem: null })}>
          Try again
        </Button>
      </Alert.Root>
    );
  }
}
