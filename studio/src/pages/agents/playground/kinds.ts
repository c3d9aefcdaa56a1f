const WORDS: Record<string, string> = {
  api_call: 'API call',
  mcp_tool: 'MCP tool',
  static_response: 'static response',
  end_call: 'ends the call',
  handover: 'hands over',
  client_event: 'client event',
  send_text_message: 'text message',
  go_to_state: 'goes to a state',
};

export function kindWords(kind: string): string {
  return WORDS[kind] ?? kind.replaceAll('_', ' ');
}
