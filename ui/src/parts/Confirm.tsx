// A question before something is done; with a field where a reason is needed.
import { Button, CloseButton, Dialog, Field, Portal, Textarea } from "@chakra-ui/react";
import { type ReactNode, useState } from "react";

type Props = {
  open: boolean;
  title: string;
  word: string;
  palette?: string;
  reason?: string; // what is asked for; without it there is no field
  busy: boolean;
  children?: ReactNode;
  onClose: () => void;
  onDo: (reason: string) => void;
};

const LONGEST = 2000;

export const Confirm = ({ open, title, word, palette = "brand", reason, busy, children, onClose, onDo }: Props) => {
  const [text, setText] = useState("");
  const missing = reason !== undefined && text.trim() === "";
  return (
    <Dialog.Root open={open} onOpenChange={(event) => !event.open && onClose()} role="alertdialog" placement={{ base: "bottom", sm: "center" }} lazyMount unmountOnExit>
      <Portal>
        <Dialog.Backdrop />
        <Dialog.Positioner>
          <Dialog.Content mx={{ base: "2", sm: "0" }}>
            <Dialog.Header>
              <Dialog.Title>{title}</Dialog.Title>
            </Dialog.Header>
            <Dialog.Body>
              {children}
              {reason === undefined ? null : (
                <Field.Root required mt="3">
                  <Field.Label>{reason}</Field.Label>
                  <Textarea rows={4} maxLength={LONGEST} value={text} onChange={(event) => setText(event.currentTarget.value)} />
                </Field.Root>
              )}
            </Dialog.Body>
            <Dialog.Footer>
              <Button variant="outline" onClick={onClose}>
                Cancel
              </Button>
              <Button colorPalette={palette} disabled={missing} loading={busy} onClick={() => onDo(text.trim())}>
                {word}
              </Button>
            </Dialog.Footer>
            <Dialog.CloseTrigger asChild>
              <CloseButton size="sm" />
            </Dialog.CloseTrigger>
          </Dialog.Content>
        </Dialog.Positioner>
      </Portal>
    </Dialog.Root>
  );
};
